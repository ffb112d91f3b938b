"""The command line: a file for each verb, one error boundary (:mod:`ganzoo.cli.main`), one module that prints."""
