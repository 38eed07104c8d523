"""What programs see of a server with access rules: access_clients.py BASE TOKEN DATASET KEY

BASE has no credentials; TOKEN is empty for nobody. KEY is a Zarr of the dataset. Prints what each program finds as JSON.
"""
import json
import os
import sys
import tempfile
import urllib.parse

import boto3
import botocore
import cryoet_data_portal as portal
import cryoet_data_portal._client as portal_client

import one_schema  # noqa: F401

base, token, dataset, key = sys.argv[1:5]
address = urllib.parse.urlsplit(base)
# requests takes the password of an address
own = address._replace(netloc=f"x:{token}@{address.netloc}").geturl() if token else base
portal_client.DEFAULT_URL = f"{own}/graphql"

client = portal.Client(f"{own}/graphql")
found = {"datasets": sorted(one.id for one in portal.Dataset.find(client))}
one = portal.Dataset.get_by_id(client, int(dataset))
found["one"] = one and one.id
found["runs"] = sorted(run.name for run in portal.Run.find(client, [portal.Run.dataset_id == int(dataset)]))
found["annotations"] = len(portal.Annotation.find(client, [portal.Annotation.run.dataset_id == int(dataset)]))

import copick  # noqa: E402

with tempfile.TemporaryDirectory() as folder:
    project = os.path.join(folder, "project.json")
    with open(project, "w") as file:
        # the overlay is a folder of one's own
        json.dump(
            {
                "config_type": "cryoet_data_portal",
                "name": "x",
                "description": "x",
                "version": "1",
                "pickable_objects": [],
                "overlay_root": f"local://{folder}/overlay/",
                "overlay_fs_args": {"auto_mkdir": True},
                "dataset_ids": [int(dataset)],
            },
            file,
        )
    found["copick"] = sorted(run.meta.portal_run_name for run in copick.from_file(project).runs)

import zarr  # noqa: E402

try:
    options = {"headers": {"authorization": f"Bearer {token}"}} if token else {}
    group = zarr.open_group(f"{base}/files/{key}", mode="r", storage_options={"client_kwargs": options} if options else {})
    found["zarr"] = list(group["0"][:].shape)
except Exception as error:  # whatever says that there is none
    found["zarr"] = type(error).__name__

session = boto3.session.Session(aws_access_key_id="x", aws_secret_access_key="x", aws_session_token=token or "none", region_name="us-east-1")
s3 = session.client("s3", endpoint_url=f"{base}/s3")
listed = s3.list_objects_v2(Bucket="portal", Prefix=f"{dataset}/")
found["keys"] = listed["KeyCount"]
try:
    found["size"] = s3.head_object(Bucket="portal", Key=f"{dataset}/dataset_metadata.json")["ContentLength"]
except botocore.exceptions.ClientError as error:
    found["size"] = error.response["ResponseMetadata"]["HTTPStatusCode"]
print(json.dumps(found))
