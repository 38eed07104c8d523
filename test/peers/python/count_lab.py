"""Counts what the configurations of the miniature laboratory find, by PyYAML, csv and re alone.

python count_lab.py INPUT CONFIG...    (environment: peers)    INPUT: the folder that stands for the source bucket

Prints {deposit: {run: {section: [keys below INPUT, or names of literals]}}}. Globs are those of an object store: every name counts, hidden
or not, and `*` stops at a slash. An expression must match somewhere in the path (match_regex, parent filters) or at the start of the name
(name_regex, exclude).
"""
import csv
import json
import re
import sys
from pathlib import Path

import yaml

root = Path(sys.argv[1])
KEYS = sorted(str(path.relative_to(root)) for path in root.rglob("*"))
PER_RUN = ["gains", "collection_metadata", "frames", "tiltseries", "rawtilts", "ctfs", "alignments"]


def expand(pattern, variables):
    return re.sub(r"\{([^}]+)\}", lambda match: variables[match[1]], pattern)


def glob(prefix, pattern):
    segments = [re.escape(segment).replace(r"\*", "[^/]*") for segment in f"{prefix}/{pattern}".split("/")]
    return [key for key in KEYS if re.fullmatch("/".join(segments), key)]


def find(source, prefix, variables):
    """[(name, key or None)] of one source, `exclude` applied."""
    if "source_glob" in source:
        finder = source["source_glob"]
        keys = [key for key in glob(prefix, expand(finder["list_glob"], variables)) if re.search(finder.get("match_regex", ".*"), f"/{key}")]
        found = [(re.match(finder.get("name_regex", "(.*)"), key.split("/")[-1])[1], key) for key in keys]
    elif "source_multi_glob" in source:
        found = [(key, key) for pattern in source["source_multi_glob"]["list_globs"] for key in glob(prefix, expand(pattern, variables))]
    else:
        found = [(value, None) for value in source["literal"]["value"]]
    return [(name, key) for name, key in found if not any(re.match(pattern, str(name)) for pattern in source.get("exclude", []))]


def allowed(source, parents):
    filters = source.get("parent_filters", {})
    for parent, name in parents.items():
        if any(re.search(pattern, name) for pattern in filters.get("exclude", {}).get(parent, [])):
            return False
        wanted = filters.get("include", {}).get(parent, [])
        if wanted and not any(re.search(pattern, name) for pattern in wanted):
            return False
    return True


def items(config, section, prefix, parents, variables):
    sources = [source for block in config.get(section, []) for source in block["sources"] if allowed(source, parents)]
    return [found for source in sources for found in find(source, prefix, variables)]


def table(prefix, path, header):
    if path is None:
        return {}
    with open(root / prefix / path, newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file, delimiter="\t" if path.endswith("tsv") else ","))
    return {row[0]: dict(zip(rows[0], row)) for row in rows[1:]} if header else {row[0]: row[1] for row in rows}


def count(path):
    config = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    standard = config["standardization_config"]
    prefix = standard["source_prefix"]
    data = table(prefix, standard.get("run_data_map_file"), header=True)
    maps = {name: table(prefix, standard.get(key), header=False) for name, key in (("mapped_tomo_name", "run_to_tomo_map_csv"), ("mapped_frame_name", "run_to_frame_map_csv"))}
    counted = {}
    for run, _ in items(config, "runs", prefix, {}, {}):
        # a map without the run's row gives None, which is then a name that nothing has
        variables = {"run_name": run, **data.get(run, {}), **{name: str(rows.get(run)) for name, rows in maps.items()}}
        parents = {"run": run}
        found = {section: [key or name for name, key in items(config, section, prefix, parents, variables)] for section in PER_RUN}
        found["voxel_spacings"] = [f"{float(expand(str(value).removeprefix('float '), variables)):.3f}" for value, _ in items(config, "voxel_spacings", prefix, parents, variables)]
        found["tomograms"] = [
            key
            for spacing in found["voxel_spacings"]
            for _, key in items(config, "tomograms", prefix, {**parents, "voxel_spacing": spacing}, variables)
        ]
        counted[run] = found
    return counted


print(json.dumps({Path(path).stem: count(path) for path in sys.argv[2:]}))
