"""What the portal's own program starts: `python3 generate.py BACKEND`, with BACKEND a checkout of chanzuckerberg/cryoet-data-portal-backend
at the commit that
`executions.json` names, and botocore and click installed. Writes executions.json beside this file.

ingestion_tools/scripts/enqueue_runs.py runs as it is, with the original's own options and its own search for datasets and depositions. Stand-ins:
AWS (buckets, objects, the state machine: what is started is written down), the clock, the pool of processes, what the deposition's configuration
finds (one dataset, two runs), and packages that only other parts of the original need.
"""

import importlib.abc
import importlib.machinery
import json
import os
import subprocess
import sys
import types
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import MagicMock

UNIX = 1_790_000_000
ACCOUNT = "908710317728"
REGION = "us-west-2"
BUCKETS = ["org-staging-swipe-wdl", "org-prod-swipe-wdl", "org-staging-swipe-comms", "org-prod-swipe-comms"]
STAGING, PUBLIC = "cryoet-data-portal-staging", "cryoet-data-portal-public"
TREE = [
    *(f"{folder}/dataset_metadata.json" for folder in ("10301", "10302", "10310", "lab/10400")),
    *(f"depositions_metadata/{number}/deposition_metadata.json" for number in ("10301", "10302")),
    "notes/readme.txt",
    "10301/TS_1/run_metadata.json",
]
OBJECTS = {STAGING: TREE, PUBLIC: TREE[:2]}
LONG = "a" * 70 + "_the.end"
CASES = [
    ["queue", "CONFIG", "lab-input", "lab-output", "--import-everything", "--exclude-annotation-name", "old", "--no-write-zarr"],
    ["db-import", "--import-everything"],
    [
        *["db-import", "--environment", "prod", "--import-depositions", "--import-annotation-authors", "--deposition-id", "10301"],
        *["--deposition-id", "10302", "--anonymous", "--no-debug", "--ecr-tag", "v2", "--memory", "8000"],
    ],
    [
        *["db-import", "--s3-bucket", STAGING, "--https-prefix", "https://files.test", "--import-runs"],
        *["--filter-datasets", "103", "--exclude-dataset", "10310", "--swipe-wdl-key", "other.wdl"],
    ],
    ["db-import", "--s3-prefix", "lab/"],
    [
        *["sync", "--exclude", "*", "--include", "*.json", "--exclude", "Images/it was*", "--delete-files", "--dryrun"],
        *["--include-dataset", "1030", "--exclude-dataset", "10302"],
    ],
    ["sync", "--no-sync-dataset", "--include-deposition", "10302", "--include-deposition", "10301", "--output-bucket", "org-other"],
    ["sync", "--filter-datasets", "10310", "--include-deposition", "10301", "--ecr-repo", "other"],
    ["validate", "10301", "10302"],
    ["validate", "--environment", "prod", LONG],
    ["source-validate", "dataset_configs/10301_imod.yaml"],
    ["source-validate", f"dataset_configs/{LONG}.yaml", "org-raw", "--memory", "12000"],
]

# packages that no queue calls
ABSENT = "cryoet_data_portal_neuroglancer ndjson matplotlib database platformics sqlalchemy s3fs".split()
started = []


class Client:
    def __init__(self, service):
        self.service = service

    def get_caller_identity(self):
        return {"Account": ACCOUNT}

    def list_buckets(self):
        return {"Buckets": [{"Name": name} for name in BUCKETS]}

    def describe_state_machine(self, stateMachineArn):
        return {}

    def start_execution(self, **call):
        started.append(call)

    def get_paginator(self, _):
        return self

    def paginate(self, Bucket, Prefix, Delimiter):
        keys = [key for key in OBJECTS[Bucket] if key.startswith(Prefix)]
        cut = [Prefix + key[len(Prefix) :].split(Delimiter)[0] + Delimiter for key in keys if Delimiter in key[len(Prefix) :]]
        yield {"CommonPrefixes": [{"Prefix": name} for name in sorted(set(cut))]}

    def head_object(self, Bucket, Key):
        if Key not in OBJECTS[Bucket]:
            raise KeyError(Key)

    def get_object(self, Bucket, Key):
        return {"Body": types.SimpleNamespace(read=lambda: b"{}")}


class Session:
    region_name = REGION

    def __init__(self, region_name=None):
        pass

    def client(self, service_name, config=None):
        return Client(service_name)


class Anything(type):
    """Has every attribute, takes every argument, can be inherited from."""

    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything(name, (), {"__class_getitem__": classmethod(lambda cls, _: cls)})

    def __call__(cls, *args, **kwargs):
        return args[0] if args and callable(args[0]) else cls

    def __or__(cls, other):
        return cls

    __ror__ = __or__


class Absent(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """A package that is not installed, and that no queue calls."""

    def find_spec(self, name, path, target=None):
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if name.split(".")[0] in ABSENT else None

    def create_module(self, spec):
        module = types.ModuleType(spec.name)
        module.__path__ = []
        module.__getattr__ = lambda name: Anything.__getattr__(Anything, name)
        return module

    def exec_module(self, module):
        pass


def main(backend):
    scripts = os.path.join(backend, "ingestion_tools/scripts")
    sys.path[:0] = [scripts, os.path.join(backend, "apiv2")]
    sys.modules["boto3"] = types.SimpleNamespace(client=lambda service, config=None: Client(service), Session=Session)
    sys.meta_path.append(Absent())
    import click
    import enqueue_runs

    named = lambda name: types.SimpleNamespace(name=name)
    enqueue_runs.time = types.SimpleNamespace(time=lambda: UNIX + 0.5)
    enqueue_runs.ProcessPoolExecutor = lambda max_workers: ThreadPoolExecutor(1)
    enqueue_runs.FileSystemApi = enqueue_runs.DepositionImportConfig = MagicMock()
    enqueue_runs.DepositionImporter = types.SimpleNamespace(finder=lambda config: [named("10301")])
    enqueue_runs.DatasetImporter = types.SimpleNamespace(finder=lambda config, deposition: [named("10401")])
    enqueue_runs.RunImporter = types.SimpleNamespace(finder=lambda config, dataset: [named("TS_0001"), named("TS_0002")])
    # at this commit `sync --include-deposition` ends with a TypeError: it leaves out the session, which it does not need
    config = enqueue_runs.DBImportConfig
    enqueue_runs.DBImportConfig = lambda client, s3fs, bucket, https, session=None: config(client, s3fs, bucket, https, session)
    cases = []
    for words in CASES:
        started.clear()
        enqueue_runs.OrderedSyncFilters._options.clear()
        enqueue_runs.cli(words, standalone_mode=False)
        cases.append({"words": words, "started": list(started)})
    git = ["git", "-C", backend, "rev-parse", "HEAD"]
    commit = os.environ.get("BACKEND_COMMIT") or subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
    document = {
        "writtenBy": f"generate.py: chanzuckerberg/cryoet-data-portal-backend {commit}, enqueue_runs.py with click {click.__version__}",
        **{"unix": UNIX, "account": ACCOUNT, "region": REGION, "buckets": BUCKETS, "objects": OBJECTS, "cases": cases},
    }
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "executions.json"), "w") as file:
        json.dump(document, file, indent=1)
        file.write("\n")


main(sys.argv[1])
