# Thin: bootstrap.py does the work, and needs no make.
PYTHON ?= python3

.PHONY: demo test lint docs wheel ci clean

demo test lint docs wheel ci:
	@$(PYTHON) bootstrap.py $@

clean:
	rm -rf .venv-sirst5k .cache build dist docs/_build *.egg-info demo-out demo-out.png
