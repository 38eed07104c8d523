"""emporium_blocks.Blocks in PyTorch's DataLoader, with the made-up blocks of test/peers/stream-server.mjs: stream_torch.py NODE SERVER FOLDER"""

import multiprocessing
import os
import pathlib
import sys

import torch
from torch.utils.data import DataLoader

sys.path.insert(0, str(pathlib.Path(__file__).parents[3] / "python"))
import emporium_blocks  # noqa: E402
from verdicts import Verdicts  # noqa: E402

NODE, SERVER, FOLDER = sys.argv[1:4]
FORKS = 8 if os.environ.get("EMPORIUM_THOROUGH") else 2
RAMP = torch.arange(512, dtype=torch.float32).reshape(8, 8, 8) / 2**20
verdicts = Verdicts()


def blocks(**options):
    return emporium_blocks.Blocks("made-up", program=(NODE, SERVER), **{"batch": 2, **options})


def ids_of(batches):
    seen = []
    for batch in batches:
        image = batch["image"]
        assert image.dtype == torch.float32 and image.shape[1:] == (8, 8, 8)
        for block in image:
            number = int(block[0, 0, 0])
            assert torch.equal(block, RAMP + number), f"block {number} holds other bytes"
            seen.append(number)
    return seen


def loader(method, workers=2, **options):
    return DataLoader(blocks(**options), batch_size=None, num_workers=workers, multiprocessing_context=method)


def without_workers():
    assert ids_of(loader(None, 0)) == list(range(24))
    places = {batch["image"].data_ptr() for batch in loader(None, 0, copy=False)}
    assert 1 < len(places) <= 5, "not the five slots"


def kept_and_collated():
    """All that a loader does with its defaults: the bytes are each block's own."""
    for workers in (0, 1, 2):
        options = {"num_workers": workers, "pin_memory": workers == 1, **({"prefetch_factor": 4} if workers else {})}
        assert sorted(ids_of(list(DataLoader(blocks(), batch_size=None, **options)))) == list(range(24))
        collated = list(DataLoader(blocks(batch=1), batch_size=8, **options))
        assert sorted(ids_of({"image": batch["image"].flatten(0, 1)} for batch in collated)) == list(range(24))
    assert ids_of(list(blocks())) == list(range(24))


def kept_without_copies():
    for wrong in (lambda: list(blocks(copy=False)), lambda: list(DataLoader(blocks(batch=1, copy=False), batch_size=8))):
        try:
            wrong()
        except emporium_blocks.Kept as error:
            assert "batch_size=None" in str(error), error
        else:
            raise AssertionError("nothing was raised")
    few = DataLoader(blocks(batch=1, copy=False), batch_size=2)  # as many as there are: right
    assert ids_of({"image": batch["image"].flatten(0, 1)} for batch in few) == list(range(24))


def lengths():
    assert len(blocks()) == 12 and len(DataLoader(blocks(), batch_size=None)) == 12
    assert len(DataLoader(blocks(batch=1), batch_size=8, num_workers=2)) == 3
    assert len(blocks(rank=1, world=5, batch=1)) == 5


def forked():
    for _ in range(FORKS):
        assert sorted(ids_of(loader("fork"))) == list(range(24))


def spawned():
    assert sorted(ids_of(loader("spawn"))) == list(range(24))


def kept_from_workers():
    """Tensors of workers are memory of their own: they stay when the loader goes on."""
    batches = list(loader("fork"))
    assert sorted(ids_of(batches)) == list(range(24)) and all(batch["image"].is_shared() for batch in batches)


def left_early():
    batches = iter(loader("fork"))
    next(batches)
    del batches  # ends the workers, and these their servers
    assert not [path for path in pathlib.Path("/dev/shm").glob("emporium-blocks-*")]


def places():
    """Where blocks lie and what they count, as tensors: from the loader's own process and from its workers."""
    for method, workers in ((None, 0), ("fork", 2)):
        for batch in loader(method, workers, places=True):
            ids = batch["image"][:, 0, 0, 0].long()
            assert torch.equal(batch["ids"], ids) and torch.equal(batch["origins"][:, 0], 8 * ids)
            assert torch.equal(batch["weights"], 1 + ids / 2)
    assert set(next(iter(loader(None, 0)))) == {"image"}


def epochs():
    data = blocks()
    data.set_epoch(7)
    assert data.options["epoch"] == 7 and ids_of(DataLoader(data, batch_size=None)) == list(range(24))


def errors_of_workers():
    os.environ["STREAM_FAIL_AT"] = "1"
    try:
        ids_of(loader("fork"))
    except emporium_blocks.StreamError as error:
        assert "a chunk cannot be decoded" in str(error), error
    else:
        raise AssertionError("nothing was raised")
    finally:
        del os.environ["STREAM_FAIL_AT"]


def one_rank(rank, results):
    torch.distributed.init_process_group("gloo", init_method=f"file://{FOLDER}/group", rank=rank, world_size=2)
    results.put((rank, sorted(ids_of(loader("fork")))))
    torch.distributed.destroy_process_group()


def distributed():
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    ranks = [context.Process(target=one_rank, args=(rank, results)) for rank in range(2)]
    for each in ranks:
        each.start()
    parts = dict(results.get(timeout=60) for _ in ranks)
    for each in ranks:
        each.join(20)
    assert sorted(parts[0] + parts[1]) == list(range(24)) and len(parts[0]) == 12, parts


if __name__ == "__main__":
    torch.set_num_threads(1)
    for check in (without_workers, kept_and_collated, kept_without_copies, lengths, forked, kept_from_workers, left_early, places, epochs, errors_of_workers, distributed, spawned):
        verdicts.guard("torch", check.__name__, check)
        if not any(record["check"] == check.__name__ for record in verdicts.records):
            verdicts.check("torch", check.__name__, True)
    verdicts.print()
