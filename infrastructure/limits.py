"""AWS's limits on what is deployed, asked before anything is uploaded: CloudFormation would find out halfway.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

TEMPLATE_BYTES = 1_000_000  # of a template that lies in S3
COUNTS: Mapping[str, int] = {"Resources": 500, "Parameters": 200, "Outputs": 200, "Mappings": 200}
CODE_BYTES = 250 * 1024 * 1024  # unpacked
ROLE_POLICY_CHARACTERS = 10_240  # of all inline policies of a role, without white space
VARIABLES_BYTES = 4_096  # of a function's environment


def beyond(template: Mapping[str, Any], code: Path) -> Iterator[str]:
    """What is over a limit, a sentence each."""
    size = len(json.dumps(template).encode())
    if size > TEMPLATE_BYTES:
        yield f"the template has {size:,} bytes, and CloudFormation takes {TEMPLATE_BYTES:,}"
    for section, most in COUNTS.items():
        count = len(template.get(section, ()))
        if count > most:
            yield f"the template has {count:,} {section}, and CloudFormation takes {most:,}"
    for name, resource in template.get("Resources", {}).items():
        yield from _of_resource(name, resource)
    with zipfile.ZipFile(code) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > CODE_BYTES:
        yield f"the code has {unpacked:,} bytes unpacked, and Lambda takes {CODE_BYTES:,}"


def _of_resource(name: str, resource: Mapping[str, Any]) -> Iterator[str]:
    properties = resource.get("Properties", {})
    if resource["Type"] == "AWS::IAM::Role":
        documents = [each["PolicyDocument"] for each in properties.get("Policies", ())]
        length = sum(len(json.dumps(each, separators=(",", ":"))) for each in documents)
        if length > ROLE_POLICY_CHARACTERS:
            yield f"the policies of {name} have {length:,} characters, and IAM takes {ROLE_POLICY_CHARACTERS:,}"
    variables = properties.get("Environment", {}).get("Variables", {})
    length = len(json.dumps(variables, separators=(",", ":")).encode())
    if length > VARIABLES_BYTES:
        yield f"the variables of {name} have {length:,} bytes, and Lambda takes {VARIABLES_BYTES:,}"
