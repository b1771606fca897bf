"""Networks: segmentation of single frames. Needs torch; `sirst5k.detectors.create` makes them."""
