"""Tables of a paper: any axis by any other, with a receipt for every cell."""
