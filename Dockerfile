# sirst5k with training and comparison, as a command.
#
#   docker build -t sirst5k .
#   docker run --rm -v "$PWD:/data" sirst5k synth /data/SIRST /data/out --split trainval
#
# For NVIDIA GPUs, the CUDA build of torch (any of those at https://download.pytorch.org/whl):
#
#   docker build -t sirst5k:gpu --build-arg TORCH=https://download.pytorch.org/whl/cu126 .
#   docker run --rm --gpus all --shm-size 8g -v "$PWD:/data" sirst5k:gpu \
#       train --data /data/SIRST --detector mshnet --out /data/run
FROM python:3.12-slim

ARG TORCH=https://download.pytorch.org/whl/cpu
RUN pip install --no-cache-dir torch --index-url "$TORCH"

COPY pyproject.toml README.md LICENSE /src/
COPY sirst5k /src/sirst5k
COPY cli /src/cli
RUN pip install --no-cache-dir '/src[train,data]' && rm -r /src && sirst5k doctor

# Whoever runs it owns what it writes: docker run --user "$(id -u):$(id -g)".
RUN mkdir /cache && chmod 1777 /cache
ENV XDG_CACHE_HOME=/cache HOME=/cache
WORKDIR /data
ENTRYPOINT ["sirst5k"]
CMD ["--help"]
