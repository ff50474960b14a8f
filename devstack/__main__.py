"""``python -m devstack``: starts the local cloud, says where everything is, and stays until it is interrupted."""

import argparse
import errno
import os
import signal
import sys
import threading
import traceback

from devstack.cloud import LocalCloud
from devstack.dynamodb_local import DynamoDbLocalFailed
from devstack.log_lines import onto_terminal


def main(arguments: list[str]) -> int:
    """Run it.

    Variables: ``PORT`` of the API (8000), ``SES_PORT`` of the SES stand-in (8025), ``ENVOI_ADMIN_TOKEN``.
    """
    parser = argparse.ArgumentParser(prog="python -m devstack", description=__doc__)
    parser.add_argument(
        "--dynamodb",
        default="moto",
        type=_dynamodb,
        metavar="moto|local|URL",
        help="moto (in memory), local (Amazon's DynamoDB Local, kept in .local/) or the URL of another",
    )
    options = parser.parse_args(arguments)
    cloud = LocalCloud(
        port=int(os.environ.get("PORT") or 8000),
        ses_port=int(os.environ.get("SES_PORT") or 8025),
        dynamodb=options.dynamodb,
        admin_token=os.environ.get("ENVOI_ADMIN_TOKEN") or None,
        say=_failed,
        log=onto_terminal(sys.stderr),
    )
    ended = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: ended.set())
    try:
        with cloud:
            print(_welcome(cloud), flush=True)
            ended.wait()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        print("A port is taken: PORT and SES_PORT choose others.", file=sys.stderr)
        return 1
    except DynamoDbLocalFailed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _dynamodb(text: str) -> str:
    if text in ("moto", "local") or text.startswith(("http://", "https://")):
        return text
    raise argparse.ArgumentTypeError(f"{text!r} is neither moto nor local nor a URL")


def _welcome(cloud: LocalCloud) -> str:
    return f"""
  Envoi is up, on this machine alone.

    API and pages   {cloud.api_url}/docs
    Inbox           {cloud.ses_url}/
    Admin token     {cloud.admin_token}

    curl -H 'Authorization: Bearer {cloud.admin_token}' {cloud.api_url}/v1/quota
    curl -X POST {cloud.ses_url}/_local/tick -d '{{"advance": 3600}}'     one hour on

  Ctrl-C ends it.
"""


def _failed(function: str, error: Exception) -> None:
    print(f"{function} failed:", file=sys.stderr)
    traceback.print_exception(error)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
