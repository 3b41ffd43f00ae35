# Two stages: build the wheel with Rust, install it into a slim image.
#   docker build -t sn7fast .
#   docker run --rm -v "$PWD:/data" -w /data sn7fast score truth.csv tracks.csv
# With GPUs: a base with CUDA, and packages that use it.
#   docker build -t sn7fast:cuda --build-arg EXTRAS=torch \
#       --build-arg BASE=nvidia/cuda:12.8.1-cudnn-runtime-ubuntu24.04 .
#   docker run --rm --gpus all -v "$PWD:/data" -w /data sn7fast:cuda predict images --out out
# tools/docker_dry_run.py runs these steps without an engine.

ARG BASE=python:3.12-slim-bookworm

FROM rust:1-slim-bookworm AS wheel
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 python3-venv gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
RUN python3 -m venv /venv && /venv/bin/pip install --no-cache-dir "maturin>=1.14,<2"
WORKDIR /src
COPY . .
RUN /venv/bin/maturin build --release --locked --out /wheels

FROM ${BASE}
# Extras of sn7fast, and further packages such as onnxruntime-gpu.
ARG EXTRAS=onnx
ARG PACKAGES=
# Images with CUDA have no Python.
RUN command -v python3 >/dev/null \
    || (apt-get update \
        && apt-get install --yes --no-install-recommends python3 python3-venv \
        && rm -rf /var/lib/apt/lists/*)
RUN useradd --create-home sn7fast
RUN python3 -m venv /opt/sn7fast
ENV PATH=/opt/sn7fast/bin:$PATH
COPY --from=wheel /wheels /wheels
RUN pip install --no-cache-dir "$(echo /wheels/*.whl)${EXTRAS:+[$EXTRAS]}" $PACKAGES
COPY tests/test_minimal.py /opt/sn7fast/test_minimal.py
USER sn7fast
WORKDIR /home/sn7fast
ENTRYPOINT ["sn7fast"]
CMD ["--help"]
# The image is only good if what it is for works in it, as the user who will run it.
RUN python /opt/sn7fast/test_minimal.py
