"""`isnad serve`: the classifier as an HTTP service, with a page to try it on (extra `serve`).

schema.py    what goes in and out
batching.py  one queue for all requests, one thread that works it off
app.py       the routes
server.py    the command
page/        the page at `/`
"""
