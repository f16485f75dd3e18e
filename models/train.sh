#!/bin/sh
# Make every shipped model again: `make train`, or `DATA=... PYTHON=... sh models/train.sh`.
#
# DATA holds pictures with landmarks.csv, and MNIST's four idx files in mnist/. What is prepared
# already is not prepared again, and a training run that was stopped goes on where it was.
set -eu
cd "$(dirname "$0")/.."

DATA=${DATA:-../shared/data}
PYTHON=${PYTHON:-.venv/bin/python}
unset OPENBLAS_NUM_THREADS # all the cores

prepare() { # NAME ARGUMENTS...
    folder=prepared/$1
    shift
    test -d "$folder" || "$PYTHON" -m vae_core prepare --out "$folder" "$@"
}

train() { # PRESET PICTURES
    "$PYTHON" -m vae_core train --preset "$1" --data "prepared/$2" --out "models/$1.safetensors"
}

prepare mnist --source mnist "$DATA/mnist" --frame digit28 --name MNIST \
    --terms "MNIST handwritten digits by Yann LeCun and Corinna Cortes, CC BY-SA 3.0."

train mnist mnist
train mnist-ramp mnist

# The finder: scout and a first reader on composed pictures; the gauge; the scout twice more, on more
# turned faces and among other animals; then the reader, among all that finders took for faces, while
# its pictures are made anew by what the others name: on a GPU (DEVICE=cpu does it, too, in many hours).
# The shipped one was made with detours: see its card.
DEVICE=${DEVICE:-cuda}
finder_terms="Scenes and faces: the sources of \"people and dogs\" and, for people in scenes, webmorph \
portraits; photos without faces from the web (no terms stated). The pictures themselves may not be \
redistributed."

compose() { # NAME ARGUMENTS...
    folder=prepared/$1
    shift
    test -f "$folder/finder.json" ||
        "$PYTHON" -m vae_core compose --photos "$DATA" --terms "$finder_terms" --out "$folder" "$@"
}

export OPENBLAS_NUM_THREADS=1 # scout and reader have a core each
networks() { # PRESET FOLDER OUT ARGUMENTS...
    preset=$1 data=prepared/$2 out=$3
    shift 3
    "$PYTHON" -m vae_core train --preset "$preset" --data "$data" --out "$out" "$@"
}
compose finder
networks finder finder prepared/finder/first.safetensors
networks gauge finder prepared/finder/second.safetensors --start prepared/finder/first.safetensors
compose scout --scout 70000 --reader 0 --gauge 0 --seed 31
networks scout scout prepared/finder/third.safetensors --start prepared/finder/second.safetensors

animals=prepared/animals
test -d "$animals" || "$PYTHON" models/animals.py animals "$animals"
finder_terms="Animals that are no dogs: pictures in Debian's packages tuxpaint-stamps-default (GPL-2) \
and gcompris-qt-data (GPL-3, CC BY-SA and others, as its copyright file says)."
compose wild --others "$animals" --scout 60000 --reader 0 --gauge 0 --seed 53
networks scout wild prepared/finder/fourth.safetensors --start prepared/finder/third.safetensors \
    --steps 13000

others=prepared/others
test -d "$others" || {
    "$PYTHON" models/animals.py things "$others"
    "$PYTHON" models/others.py "$others"
}
finder_terms="Things without faces: pictures in Debian's packages tuxpaint-stamps-default (GPL-2), \
openclipart-png (public domain), mate-backgrounds (GPL-2, CC BY-SA), \
lomiri-wallpapers-16.04 and -20.04 (CC BY, CC BY-SA, CC0) and plasma-workspace-wallpapers (GPL-2). \
Pictures of all kinds in Debian's packages, named one by one in \`models/others.csv\`, on the terms \
that each package's copyright file says."
compose reader --others "$others" --scout 0 --gauge 0 --reader 80000 --mined 120000 --seed 71 \
    --finder prepared/finder/fourth.safetensors
networks reader reader models/finder.safetensors --start prepared/finder/fourth.safetensors \
    --renew "$(nproc)" --device "$DEVICE"

# The models of faces see them where the finder sees them, as they will when they are served.
unset OPENBLAS_NUM_THREADS
terms="Faces of people: synthetic-a and synthetic-b, GAN portraits of people who do not \
exist (crawled; no terms stated, synthetic-b from a GPL-3.0 repository); all-age-faces (research \
use; cite Cheng et al. 2019); UTKFace (non-commercial research use). Heads of dogs: flickr, cut \
from photographers' own photos (no terms stated); cat2dog, huskies and Samoyeds, capped (MIT \
repository, the photos' rights unclear); lhi (no terms stated). The pictures themselves may not \
be redistributed."
prepare classic --finder models/finder.safetensors --source pictures "$DATA" \
    --limit-origin cat2dog=300 --name "people and dogs" --terms "$terms"
train classic classic

prepare flagship --finder models/finder.safetensors --source pictures "$DATA" --frame head128 \
    --limit-origin cat2dog=400 --name "people and dogs" --terms "$terms"
OPENBLAS_NUM_THREADS=1 train flagship flagship # its two workers have a core each
