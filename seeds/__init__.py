"""What every run grows from: the labelled corpus, its guidelines, and the seed encoder."""
