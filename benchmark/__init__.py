"""The harness of cslbench: cells, data, training, evaluation, evidence and reports."""
