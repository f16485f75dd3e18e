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

# The finder: scout and reader on composed pictures; then the reader once more, on the scout's own
# candidates too; then the gauge; then the reader twice more, on what the whole finder looks at;
# then the scout once more, on more turned faces, and the reader twice on what that scout names.
# The pictures of the shipped one were exchanged on the way: see its card.
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
networks() { # PRESET FOLDER OUT [START [KEEP [STEPS]]]
    "$PYTHON" -m vae_core train --preset "$1" --data "prepared/$2" --out "$3" \
        ${4:+--start "$4"} ${5:+--keep "$5"} ${6:+--steps "$6"}
}
compose finder
networks finder finder prepared/finder/first.safetensors
compose reader --scout 0 --gauge 0 --reader 180000 --mined 38000 \
    --finder prepared/finder/first.safetensors
networks reader reader prepared/reader/second.safetensors prepared/finder/first.safetensors
networks gauge finder prepared/finder/third.safetensors prepared/reader/second.safetensors
compose again --scout 0 --gauge 0 --reader 50000 --mined 30000 --seed 11 \
    --finder prepared/finder/third.safetensors
networks reader again prepared/finder/fourth.safetensors prepared/finder/third.safetensors
compose more --scout 0 --gauge 0 --reader 50000 --mined 30000 --seed 23 \
    --finder prepared/finder/fourth.safetensors
networks reader more prepared/finder/fifth.safetensors prepared/finder/fourth.safetensors 0.3333
compose scout --scout 70000 --reader 0 --gauge 0 --seed 31
networks scout scout prepared/finder/sixth.safetensors prepared/finder/fifth.safetensors
compose turned --scout 0 --gauge 0 --reader 50000 --mined 30000 --seed 37 \
    --finder prepared/finder/sixth.safetensors
networks reader turned prepared/finder/seventh.safetensors prepared/finder/sixth.safetensors 0.3333
compose once --scout 0 --gauge 0 --reader 30000 --mined 40000 --seed 41 \
    --finder prepared/finder/seventh.safetensors
networks reader once prepared/finder/eighth.safetensors prepared/finder/seventh.safetensors "" 8000

# Both once more, on pictures in which other animals stand about.
animals=prepared/animals
test -d "$animals" || "$PYTHON" models/animals.py animals "$animals"
finder_terms="Animals that are no dogs: pictures in Debian's packages tuxpaint-stamps-default (GPL-2) \
and gcompris-qt-data (GPL-3, CC BY-SA and others, as its copyright file says)."
compose wild --others "$animals" --scout 60000 --reader 0 --gauge 0 --seed 53
networks scout wild prepared/finder/ninth.safetensors prepared/finder/eighth.safetensors "" 13000
compose tame --others "$animals" --scout 0 --gauge 0 --reader 30000 --mined 45000 --seed 59 \
    --finder prepared/finder/ninth.safetensors
networks reader tame prepared/finder/tenth.safetensors prepared/finder/ninth.safetensors 0.5

# The reader once more, among plants, food, insects and landscapes.
things=prepared/other-things
test -d "$things" || "$PYTHON" models/animals.py things "$things"
finder_terms="Things without faces: pictures in Debian's packages tuxpaint-stamps-default (GPL-2), \
openclipart-png (public domain), mate-backgrounds (GPL-2, CC BY-SA), \
lomiri-wallpapers-16.04 and -20.04 (CC BY, CC BY-SA, CC0) and plasma-workspace-wallpapers (GPL-2)."
compose things --others "$things" --scout 0 --gauge 0 --reader 30000 --mined 45000 --seed 71 \
    --finder prepared/finder/tenth.safetensors
networks reader things models/finder.safetensors prepared/finder/tenth.safetensors 0.5

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
