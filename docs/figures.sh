#!/bin/sh
# Draw every figure of the article from the pictures: `make figures`, or
# `DATA=... PYTHON=... sh docs/figures.sh`. Most of the time is training, two models at once.
#
# The small models are trained here; people and dogs are the shipped model's, aligned by the
# landmarks that come with them. What is prepared or trained already is not made again.
#
# The sheets of samples, the reconstructions and the extremes show pictures that may not be passed
# on; what is decoded may.
set -eu
cd "$(dirname "$0")/.."

DATA=${DATA:-../shared/data}
PYTHON=${PYTHON:-.venv/bin/python}
small="mnist mnist-ramp mnist-50 mnist-50-ramp"

test -d prepared/mnist || "$PYTHON" -m vae_core prepare --out prepared/mnist \
    --source mnist "$DATA/mnist" --frame digit28 --name MNIST \
    --terms "MNIST handwritten digits by Yann LeCun and Corinna Cortes, CC BY-SA 3.0."
train() { # NAMES...
    for name in "$@"; do
        model=prepared/lab/$name.safetensors
        test -f "$model" || OPENBLAS_NUM_THREADS=1 "$PYTHON" -m vae_core train \
            --preset "$name" --data prepared/mnist --out "$model"
    done
}
train mnist mnist-50 &
train mnist-ramp mnist-50-ramp
wait $!
models=
for name in $small; do
    models="$models prepared/lab/$name.safetensors"
done

draw() { # FOLDER ARGUMENTS...
    folder=figures/$1
    shift
    "$PYTHON" -m vae_core figures --out "$folder" "$@"
}
# shellcheck disable=SC2086 # a list of files
draw digits --all --data prepared/mnist --model $models

test -d prepared/faces || "$PYTHON" -m vae_core prepare --out prepared/faces \
    --source pictures "$DATA" --limit-origin cat2dog=300 --name "people and dogs" \
    --terms "For looking at; the pictures may not be redistributed."
draw people-and-dogs --all --data prepared/faces --model models/classic.safetensors
