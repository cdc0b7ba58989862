# Every target does its own set-up: Python 3.11+ and a network for the first install are all it takes.
PYTHON ?= python3
BIN    := .venv/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check install --quiet

.PHONY: run test check bench results experts models lock clean

run: .venv/run              ## serve on 127.0.0.1:8080; ARGS="--port 9000" passes options on
	@$(BIN)/surveyor serve $(ARGS)

test: .venv/test            ## the whole suite, with a real redis-server
	@$(BIN)/python -m pytest $(ARGS)

check: .venv/test           ## linters, types, import arrows
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: .venv/test           ## the committed benchmarks, side by side in one run
	@$(BIN)/surveyor bench observe
	@$(BIN)/surveyor bench decide
	@$(BIN)/surveyor bench detectors
	@$(BIN)/python -m tests.bench.replay
	@$(BIN)/python -m tests.bench.overhead $(ARGS)

results: .venv/test         ## the quality benchmarks, kept in tests/bench/results: make results DATA=folder
	@test -n "$(DATA)" || { echo "say where the data is: make results DATA=folder"; exit 2; }
	@for name in task reader ood robustness routellm ocats headlines gate rerank experts; do \
		OMP_NUM_THREADS=1 $(BIN)/surveyor bench $$name --data "$(DATA)" --save tests/bench/results || exit $$?; done

experts: .venv-train/ready  ## fine-tune the trunk, an hour of two cores, and build every expert on it: make experts DATA=folder
	@test -n "$(DATA)" || { echo "say where the data is: make experts DATA=folder"; exit 2; }
	@OMP_NUM_THREADS=1 .venv-train/bin/python -m classifiers.train "$(DATA)" --only trunk --only second --only experts

models: .venv-train/ready   ## rebuild every shipped artefact: make models DATA=folder
	@test -n "$(DATA)" || { echo "say where the data is: make models DATA=folder"; exit 2; }
	@OMP_NUM_THREADS=1 .venv-train/bin/python -m classifiers.train "$(DATA)"

.venv/run: locks/run.txt locks/stand-in.txt pyproject.toml
	@test -x $(BIN)/python || { echo "setting up .venv (once, about a minute)"; $(PYTHON) -m venv .venv; }
	@$(PIP) --require-hashes -r locks/run.txt
	@$(PIP) --require-hashes --no-deps -r locks/stand-in.txt
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

.venv/test: .venv/run locks/test.txt
	@$(PIP) --require-hashes -r locks/test.txt
	@touch $@

# torch comes first and alone, so that whoever has a CPU build at hand gets that one.
.venv-train/ready: locks/train.txt pyproject.toml
	@test -x .venv-train/bin/python || $(PYTHON) -m venv .venv-train
	@.venv-train/bin/python -m pip install --quiet torch==2.13.0
	@.venv-train/bin/python -m pip install --quiet --require-hashes --no-deps -r locks/train.txt
	@.venv-train/bin/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

lock:                       ## resolve the dependencies anew
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile $(UV) --extra local-llm --extra build --extra eval pyproject.toml -o locks/run.txt
	@$(BIN)/uv pip compile $(UV) --extra local-llm --extra build --extra eval --extra test -c locks/run.txt pyproject.toml -o locks/test.txt
	@$(BIN)/uv pip compile $(UV) --extra build --extra train $(addprefix --no-emit-package ,$(NO_CUDA)) pyproject.toml -o locks/train.txt
# torch brings its own, where it wants them at all
NO_CUDA := torch triton cuda-bindings cuda-pathfinder cuda-toolkit $(addprefix nvidia-,cublas cuda-cupti cuda-nvrtc cuda-runtime cudnn-cu13 \
	cufft cufile curand cusolver cusparse cusparselt-cu13 nccl-cu13 nvjitlink nvshmem-cu13 nvtx)
UV := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate

clean:                      ## forget what was installed
	@rm -rf .venv .venv-train
