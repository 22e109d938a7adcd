"""The paper's five aspects of a contrastive method (arXiv 2009.00104, section 3), a file each."""
