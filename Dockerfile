# genzoo in a container, for CPUs or NVIDIA GPUs. This file has not been built by its authors.
#
#   docker build -t genzoo .
#   docker build -t genzoo:cuda --build-arg BASE=nvidia/cuda:12.8.1-base-ubuntu24.04 .
#   docker run --rm -v "$PWD/runs:/genzoo/runs" genzoo train model=infogan data=mnist trainer=quick
#
# BASE: an image of Ubuntu 24.04 (Python 3.12). The wheels of torch bring CUDA's libraries; the base of NVIDIA gives access to the driver.
# EXTRAS: extras of pyproject.toml, e.g. --build-arg EXTRAS=mujoco,render
# TORCH_INDEX: where pip finds wheels of torch without CUDA, which are smaller; see pytorch.org/get-started.
ARG BASE=ubuntu:24.04
FROM ${BASE}

RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 python3-venv \
    && rm -rf /var/lib/apt/lists/* \
    && python3 -m venv /opt/genzoo
ENV PATH=/opt/genzoo/bin:$PATH

ARG TORCH_INDEX=
RUN if [ -n "$TORCH_INDEX" ]; then pip install --no-cache-dir "torch>=2.11" torchvision --index-url "$TORCH_INDEX"; fi

ARG EXTRAS=
COPY . /source
RUN pip install --no-cache-dir "/source${EXTRAS:+[$EXTRAS]}"

WORKDIR /genzoo
ENTRYPOINT ["genzoo"]
CMD ["--help"]
