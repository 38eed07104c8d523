"""The Python package emporium against the program, a made-up one where the program has no fault to show: package_checks.py PROGRAM FOLDER"""

import io
import json
import os
import pathlib
import subprocess
import sys
import threading
import time
import urllib.request

root = pathlib.Path(__file__).parents[3]
sys.path.insert(0, str(root / "python"))
import emporium  # noqa: E402
from emporium._program import pep440  # noqa: E402
from emporium._run import flags  # noqa: E402
from verdicts import Verdicts  # noqa: E402

PROGRAM, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])
os.environ["EMPORIUM"] = PROGRAM
os.chdir(FOLDER)
LAB = FOLDER / "lab"
verdicts = Verdicts()


def raises(kind, action):
    try:
        action()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was not raised")


def made_up(text):
    """A program of Python's in the place of emporium."""
    return [sys.executable, "-c", text]


def versions():
    for npm, pypi in (("0.1.0", "0.1.0"), ("1.0.0-rc.1", "1.0.0rc1"), ("1.2.3-beta.10", "1.2.3b10"), ("2.0.0-alpha.0", "2.0.0a0"), ("1.0.0-dev.4", "1.0.0.dev4")):
        assert pep440(npm) == pypi, npm
    raises(ValueError, lambda: pep440("1.0.0-nightly"))
    assert emporium.__version__ == pep440(json.loads((root / "package.json").read_text())["version"])


def packaging_agrees():
    from packaging.version import Version

    ordered = ["1.0.0-dev.4", "1.0.0-alpha.1", "1.0.0-beta.1", "1.0.0-rc.1", "1.0.0-rc.2", "1.0.0"]
    forms = [pep440(each) for each in ordered]
    assert sorted(forms, key=Version) == forms
    assert [str(Version(each)) for each in forms] == forms


def words():
    options = {"import_everything": True, "write_mrc": False, "jobs": 2, "filter_run_name": ["a", pathlib.Path("b")], "memory": None, "import_": False}
    assert flags(options) == ["--import-everything", "--no-write-mrc", "--jobs", "2", "--filter-run-name", "a", "--filter-run-name", "b", "--no-import"]


def ingests():
    done = emporium.ingest(LAB / "sim.yaml", LAB / "input", "portal", import_everything=True, jobs=2)
    assert done["errors"] == [], done["errors"]
    assert emporium.run(["verify", "portal"])["findings"] == []
    assert emporium.run(["--version"], json=False).strip() == json.loads((root / "package.json").read_text())["version"]


def converts():
    import mrcfile
    import numpy as np
    import zarr

    volume = np.arange(8 * 10 * 12, dtype=np.float32).reshape(8, 10, 12)
    with mrcfile.new("ramp.mrc", overwrite=True) as file:
        file.set_data(volume)
        file.voxel_size = 10.0
    emporium.convert("ramp.mrc", "ramp-out", ome_zarr="0.4")
    assert np.array_equal(zarr.open("ramp-out.zarr", mode="r")["0"][:], volume)
    with mrcfile.open("ramp-out.mrc") as file:
        assert np.array_equal(file.data, volume)


def errors_have_their_place():
    (FOLDER / "bad.yaml").write_text("version: 1.3.0\nnothing: 1\n")
    error = raises(emporium.EmporiumError, lambda: emporium.ingest("bad.yaml", LAB, "out", import_everything=True))
    assert error.status == 2 and error.code == "CONFIG_FIELD" and error.hint, error
    assert len(error.errors) > 1 and error.errors[0] is error and "more, in .errors" in str(error)
    [unknown] = [each for each in error.errors if '"nothing"' in each.message]
    assert (unknown.place.file, unknown.place.line, unknown.place.column, unknown.place.path) == ("bad.yaml", 2, 1, "nothing"), unknown.place
    assert "at bad.yaml:2:1 (nothing)" in str(unknown)
    assert not (FOLDER / "out").exists()
    nothing = raises(emporium.EmporiumError, lambda: emporium.ingest(LAB / "sim.yaml", LAB / "input", "out"))
    assert (nothing.code, nothing.status) == ("USAGE", 2)
    # a list of documents, each with its errors
    checked = raises(emporium.EmporiumError, lambda: emporium.run(["ingest", "check", LAB / "sim.yaml", "bad.yaml"]))
    assert checked.status == 4 and checked.result[0]["ok"] and checked.errors[0].code == "CONFIG_FIELD"


def done_in_part_keeps_what_was_done():
    text = "import json; print(json.dumps({'done': 7, 'errors': [{'code': 'FORMAT_CORRUPT', 'message': 'm', 'file': 'a.rec', 'byte': 1024, 'hint': 'h'}]})); raise SystemExit(3)"
    error = raises(emporium.EmporiumError, lambda: emporium.run(["x"], program=made_up(text)))
    assert (error.status, error.result["done"], str(error.place)) == (3, 7, "a.rec byte 1024")


def programs_that_say_nothing():
    killed = raises(emporium.EmporiumError, lambda: emporium.run([], program=made_up("import os; os.kill(os.getpid(), 9)")))
    assert (killed.status, killed.code) == (-9, "PROGRAM_ENDED") and "signal 9" in str(killed)
    plain = raises(emporium.EmporiumError, lambda: emporium.run(["verify", "/no/such/tree"], json=False))
    assert (plain.status, plain.code, plain.place.file) == (1, "STORE_ABSENT", "/no/such/tree") and plain.hint
    spoke = raises(emporium.EmporiumError, lambda: emporium.run([], program=made_up("import sys; sys.exit('the last words')")))
    assert (spoke.status, spoke.message) == (1, "the last words")
    garbled = raises(emporium.EmporiumError, lambda: emporium.run([], program=made_up("print('no JSON {')")))
    assert garbled.code == "PROGRAM_OUTPUT"
    raises(FileNotFoundError, lambda: emporium.run([], program="/no/such/emporium"))


def lines_of_json():
    assert emporium.run([], program=made_up("print('{\"a\": 1}\\n{\"a\": 2}')")) == [{"a": 1}, {"a": 2}]


def progress_goes_to_standard_error():
    text = "import sys; sys.stderr.write('10%\\n' + 'x' * 300000 + '\\n'); print('[]')"
    before, sys.stderr = sys.stderr, io.StringIO()  # as a notebook's, which has no descriptor
    try:
        emporium.run([], program=made_up(text))
        silent = sys.stderr.getvalue()
        emporium.run([], program=made_up(text), progress=True)
        loud = sys.stderr.getvalue()
    finally:
        sys.stderr = before
    assert silent == "" and loud.startswith("10%\n") and len(loud) == 300005


def serves():
    import cryoet_data_portal as portal

    os.environ["BOTO_ENDPOINT_URL"] = "http://before"
    with emporium.serve("portal", timeout=120) as server:
        found = server.query("query($n: Int) { datasets(limitOffset: {limit: $n}) { id title } }", {"n": 5})["datasets"]
        assert len(found) == 1, found
        sets = portal.Dataset.find(server.client())
        assert [(each.id, each.title) for each in sets] == [(one["id"], one["title"]) for one in found]
        tomogram = portal.Tomogram.find(server.client())[0]
        tomogram.download_mrcfile(dest_path=str(FOLDER))
        name = pathlib.Path(tomogram.s3_mrc_file).name
        stored = FOLDER / "portal" / tomogram.s3_mrc_file.removeprefix(f"s3://{server.bucket}/")
        assert (FOLDER / name).read_bytes() == stored.read_bytes()
        assert urllib.request.urlopen(f"{server.url}/healthz").status == 200
        wrong = raises(emporium.EmporiumError, lambda: server.query("{ nothing }"))
        assert wrong.code == "GRAPHQL" and "nothing" in wrong.message
        url = server.url
    raises(OSError, lambda: urllib.request.urlopen(url, timeout=5))
    assert os.environ.pop("BOTO_ENDPOINT_URL") == "http://before"


def servers_end_with_exceptions():
    seen = []

    def body():
        with emporium.serve("portal", import_=False) as server:
            seen.append(server.url)
            raise KeyError("a fault of the block")

    raises(KeyError, body)
    raises(OSError, lambda: urllib.request.urlopen(seen[0], timeout=5))
    if os.path.isdir("/proc"):
        assert not _running("serve"), _running("serve")


def servers_that_do_not_begin():
    def enter(*locations, **options):
        with emporium.serve(*locations, **options):
            raise AssertionError("it began")

    absent = raises(emporium.EmporiumError, lambda: enter("no-such-folder"))
    assert absent.code and "no-such-folder" in str(absent), absent
    began = time.monotonic()
    raises(TimeoutError, lambda: enter("x", timeout=0.5, program=made_up("import time; time.sleep(60)")))
    assert time.monotonic() - began < 20
    (FOLDER / "files").mkdir()
    (FOLDER / "files" / "a.txt").write_text("a")
    with emporium.serve("files") as server:
        error = raises(emporium.EmporiumError, lambda: server.client())
        assert (error.code, server.graphql_url) == ("CATALOG_ABSENT", None)


def two_servers_at_once():
    answers = []

    def one():
        with emporium.serve("files") as server:
            answers.append((server.url, urllib.request.urlopen(f"{server.url}/healthz").status))

    threads = [threading.Thread(target=one) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len({url for url, _ in answers}) == 2 and {status for _, status in answers} == {200}


def the_client_is_named_where_it_is_absent():
    with emporium.serve("portal", import_=False) as server:
        sys.modules["cryoet_data_portal"] = None
        try:
            error = raises(ImportError, server.client)
        finally:
            del sys.modules["cryoet_data_portal"]
    assert "pip install cryoet-data-portal" in str(error)


def old_name():
    import emporium_blocks

    assert emporium_blocks is emporium.blocks and emporium_blocks.Stream is emporium.blocks.Stream
    assert emporium_blocks.__version__ == emporium.__version__


def as_a_module():
    environment = {**os.environ, "PYTHONPATH": str(root / "python")}
    ended = subprocess.run([sys.executable, "-m", "emporium", "verify", "/no/such/tree"], env=environment, capture_output=True, text=True)
    assert ended.returncode == 1 and "error[STORE_ABSENT]" in ended.stderr, ended


def numpy_is_for_blocks_alone():
    text = "import sys, emporium; assert 'numpy' not in sys.modules; emporium.blocks; assert 'numpy' in sys.modules"
    subprocess.run([sys.executable, "-c", text], env={**os.environ, "PYTHONPATH": str(root / "python")}, check=True)


def _running(word):
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(path / "cwd") == str(FOLDER) and word in (path / "cmdline").read_text().split("\0"):
                found.append(path.name)
        except OSError:
            pass
    return found


CASES = {
    "names": [versions, packaging_agrees, words, old_name, numpy_is_for_blocks_alone, as_a_module],
    "commands": [ingests, converts, errors_have_their_place, done_in_part_keeps_what_was_done, programs_that_say_nothing, lines_of_json, progress_goes_to_standard_error],
    "servers": [serves, servers_end_with_exceptions, servers_that_do_not_begin, two_servers_at_once, the_client_is_named_where_it_is_absent],
}

if __name__ == "__main__":
    for case, checks in CASES.items():
        for check in checks:
            began = time.monotonic()
            verdicts.guard(case, check.__name__, check)
            if not any(record["check"] == check.__name__ for record in verdicts.records):
                verdicts.check(case, check.__name__, True)
            print(f"{case} {check.__name__} {time.monotonic() - began:.1f}s", file=sys.stderr)
    verdicts.print()
