"""Judges requests to AWS Batch and their replies by Amazon's own model of them, as botocore brings it.

Usage: batch-shapes.py CALLS.json, a list of {operation, request, reply} with operations as in addresses (`submitjob`).
Prints a JSON list of faults.
"""

import json
import sys

import botocore.session
from botocore.validate import ParamValidator

service = botocore.session.get_session().get_service_model("batch")
names = {service.operation_model(name).http["requestUri"].removeprefix("/v1/"): name for name in service.operation_names}
faults = []
for call in json.load(open(sys.argv[1])):
    operation = service.operation_model(names[call["operation"]])
    for kind, shape in (("request", operation.input_shape), ("reply", operation.output_shape)):
        report = ParamValidator().validate(call[kind], shape)
        if report.has_errors():
            faults.append(f"{call['operation']} {kind}: {report.generate_report()}")
print(json.dumps(faults))
