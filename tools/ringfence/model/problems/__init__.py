"""Every kind of finding of the model, with its page. Knows nothing of how they are found.

The examples of a page are files laid over the repository `tests/cases/small`; the tests run each of them.
"""
