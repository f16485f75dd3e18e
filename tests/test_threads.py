"""What is drawn ahead comes in order, whoever draws it, and nobody draws on when it is over."""

import itertools
import multiprocessing
import os
from dataclasses import replace

import pytest

from tests.drawn import CONFIG, SETTINGS, draw_dataset
from vae_core.model import build_vae
from vae_core.threads import drawn_ahead, drawn_by_processes
from vae_core.training import new_state, train

STEPS = range(5, 16)


def squared(step):
    return step * step


def ends(reader):
    """Tell whether nobody has the other end any more, before long."""
    try:
        while reader.poll(20):
            reader.recv_bytes()
    except EOFError:
        return True
    return False


def dying(step):
    if step == 8:
        os._exit(1)
    return step


@pytest.mark.parametrize("processes", [1, 3, 20])
def test_processes_draw_what_a_thread_draws(processes):
    drawn = list(drawn_by_processes(squared, STEPS, processes))
    assert drawn == list(drawn_ahead(squared, STEPS)) == [step * step for step in STEPS]
    assert not multiprocessing.active_children()


def test_processes_end_with_whoever_takes_what_they_draw():
    drawing = drawn_by_processes(squared, STEPS, 3)
    assert list(itertools.islice(drawing, 2)) == [25, 36]
    assert len(multiprocessing.active_children()) == 3
    drawing.close()
    assert not multiprocessing.active_children()


def test_it_is_said_when_a_process_dies():
    with pytest.raises(RuntimeError, match="has died"):
        list(drawn_by_processes(dying, STEPS, 2))
    assert not multiprocessing.active_children()


def test_processes_do_not_outlive_a_killed_run():
    readers = multiprocessing.get_context("fork").Pipe(duplex=False)

    def run(end):
        def told(step):
            end.send_bytes(str(os.getpid()).encode())
            return bytes(1_000_000)

        next(drawn_by_processes(told, STEPS, 2))
        os._exit(0)

    reader, writer = readers
    process = multiprocessing.get_context("fork").Process(target=run, args=(writer,))
    process.start()
    writer.close()
    process.join()
    assert ends(reader)


def test_training_is_the_same_with_processes_that_draw(tmp_path):
    dataset, vae = draw_dataset(tmp_path / "data"), build_vae(CONFIG)
    settings = replace(SETTINGS, steps=6, mirror=True, shift=1.0, turn=3.0)
    states = [new_state(vae, settings) for _ in range(2)]
    for state, drawers in zip(states, (0, 3), strict=True):
        assert len(list(train(vae, dataset, settings, state, drawers=drawers))) == 6
    for name, p in states[0].params.items():
        assert p.tobytes() == states[1].params[name].tobytes(), name
