"""What the SES stand-in refuses, named as the SES v2 API names it."""


class SesError(Exception):
    """An error answer: its code, HTTP status and sentence.

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendBulkEmail.html#API_SendBulkEmail_Errors
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status = code, message, status


class AnswerLost(Exception):
    """The call was carried out, but its answer never arrives: the connection breaks."""


def bad_request(message: str) -> SesError:
    """The input is invalid."""
    return SesError("BadRequestException", message)


def rejected(message: str) -> SesError:
    """The message's content, sender or (in the sandbox) recipient is not acceptable."""
    return SesError("MessageRejected", message)


def not_found(message: str) -> SesError:
    """No such identity, configuration set or suppressed address."""
    return SesError("NotFoundException", message, 404)


def too_many(message: str) -> SesError:
    """The rate or the daily quota is used up; the sentence says which.

    https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html
    """
    return SesError("TooManyRequestsException", message, 429)


def internal_error() -> SesError:
    """Something in SES failed before anything was accepted."""
    return SesError("InternalServiceErrorException", "Internal service error", 500)


def unverified(address: str, region: str) -> SesError:
    """SES's sentence for a sender, or a recipient in the sandbox, that is not verified.

    https://docs.aws.amazon.com/ses/latest/dg/troubleshoot-error-messages.html
    """
    return rejected(
        "Email address is not verified. The following identities failed the check in region "
        f"{region.upper()}: {address}"
    )
