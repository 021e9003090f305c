"""Speed beside other ways to run the same model (`python -m eval.bench`), and the service under load."""
