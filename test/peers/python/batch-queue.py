"""Gives moto's AWS Batch a queue and a job definition. Usage: batch-queue.py URL QUEUE DEFINITION."""

import json
import sys
import urllib.request

import boto3

url, queue, definition = sys.argv[1:]
# its other Batch starts containers
settings = urllib.request.Request(f"{url}/moto-api/config", json.dumps({"batch": {"use_docker": False}}).encode(), method="POST")
urllib.request.urlopen(settings)
known = {"endpoint_url": url, "region_name": "us-east-1", "aws_access_key_id": "batch", "aws_secret_access_key": "batch-secret"}
role = boto3.client("iam", **known).create_role(RoleName="batch", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
batch = boto3.client("batch", **known)
batch.create_compute_environment(computeEnvironmentName="here", type="UNMANAGED", state="ENABLED", serviceRole=role)
order = [{"order": 1, "computeEnvironment": "here"}]
batch.create_job_queue(jobQueueName=queue, state="ENABLED", priority=1, computeEnvironmentOrder=order)
needs = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "512"}]
container = {"image": "emporium", "resourceRequirements": needs}
batch.register_job_definition(jobDefinitionName=definition, type="container", containerProperties=container)
