"""The template that is merged into Chalice's: all parts of ``.chalice/template/`` as one, for one stage.

What a part overrides of Chalice's is a plain value or something that Chalice does not set: Chalice merges two intrinsics into
one invalid pair. Only :func:`untied` changes what Chalice made.
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from infrastructure.stages import ROOT, Stage

PARTS = ROOT / ".chalice" / "template"
Template = dict[str, Any]


def merge_template(stage: Stage, parts: Path = PARTS) -> Template:
    """All parts for this stage.

    Raises:
        ValueError: Two parts say different things about one place, or the stage names a parameter that there is not, a value
            that its pattern does not allow, or a domain without its certificate.
    """
    from chalice.package import YAMLTemplateSerializer  # noqa: PLC0415 - Chalice's reader knows !Sub and !GetAtt

    read = YAMLTemplateSerializer()
    whole: Template = {}
    for path in sorted(parts.rglob("*.yaml")):
        _join(whole, read.load_template(path.read_text(), path.name), path.name)
    _set_parameters(whole["Parameters"], stage)
    return whole if stage.keep_data else _dispensable(whole)


def untied(template: Template) -> Template:
    """Chalice's template, with the API naming its function instead of referring to it.

    Functions are told the API's address, so the API must not depend on a function: CloudFormation refuses the circle. The
    function's name is literal (``functions.yaml``), and so is the ARN that API Gateway calls.
    """
    name = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:envoi-${Stage}-api"
    api = template["Resources"]["RestAPI"]["Properties"]
    api["DefinitionBody"] = json.loads(json.dumps(api["DefinitionBody"]).replace("${APIHandler.Arn}", name))
    return template


def _join(whole: Template, part: Mapping[str, Any], place: str) -> None:
    for key, value in part.items():
        if isinstance(value, Mapping) and isinstance(whole.get(key), dict):
            _join(whole[key], value, f"{place}: {key}")
        elif key in whole:
            raise ValueError(f"{place}: {key} is said by another part, too")
        else:
            whole[key] = value


def _set_parameters(parameters: Template, stage: Stage) -> None:
    unknown = stage.parameters.keys() - parameters.keys()
    if unknown:
        raise ValueError(f"the template has no parameter {', '.join(sorted(unknown))}")
    for name, value in stage.parameters.items():
        pattern = parameters[name].get("AllowedPattern")
        if pattern is not None and not re.fullmatch(pattern, value):
            raise ValueError(f"the parameter {name} cannot be {value!r}")
        parameters[name]["Default"] = value
    if parameters["CustomDomain"]["Default"] and not parameters["CertificateArn"]["Default"]:
        raise ValueError(
            "the parameter CustomDomain needs its certificate from ACM, the parameter CertificateArn"
        )
    parameters["Stage"] |= {"Default": stage.name, "AllowedValues": [stage.name]}
    parameters["CognitoUserPoolArn"]["AllowedValues"] = [stage.user_pool_arn]


def _dispensable(template: Template) -> Template:
    """The same, but nothing outlives the stack: for stages to try things on."""
    for resource in _resources(template):
        for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
            if policy in resource:
                resource[policy] = "Delete"
        resource.get("Properties", {}).pop("DeletionProtectionEnabled", None)
    return template


def _resources(template: Template) -> Iterable[Template]:
    resources: Mapping[str, Template] = template["Resources"]
    return resources.values()
