"""Pretrain the small Arabic news encoder that the repository ships (`python -m train.pretrain`)."""
