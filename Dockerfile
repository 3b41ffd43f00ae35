# Two stages: build the wheel with Rust, install it into a slim image.
#   docker build -t sn7fast .
#   docker run --rm -v "$PWD:/data" -w /data sn7fast score truth.csv tracks.csv

FROM rust:1-slim-bookworm AS wheel
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 python3-venv python3-dev gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/* \
    && python3 -m venv /venv \
    && /venv/bin/pip install --no-cache-dir "maturin>=1.14,<2"
WORKDIR /src
COPY . .
RUN /venv/bin/maturin build --release --locked --out /wheels

FROM python:3.12-slim-bookworm
COPY --from=wheel /wheels /wheels
RUN pip install --no-cache-dir "$(echo /wheels/*.whl)[onnx]" && rm -r /wheels
RUN useradd --create-home sn7fast
USER sn7fast
# The image is only good if the main job runs in it.
RUN sn7fast doctor && sn7fast demo --quiet --out /tmp/demo && rm -r /tmp/demo
ENTRYPOINT ["sn7fast"]
