"""What can be asked of a number: what two differ in, whether it comes again, how exact it is."""
