"""Training on clips and boxes: the video detectors' share of what is done before and in a step."""
