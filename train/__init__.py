"""Hydra programs: pretrain an encoder, fine-tune a classifier, export it.  Needs the extra `train`."""
