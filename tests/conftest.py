"""One thread in every test: on two cores many small operations are slower on more."""

import torch

torch.set_num_threads(1)
