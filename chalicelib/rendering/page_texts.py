"""What the public pages say, in each of their languages."""

# ruff: noqa: RUF001 - French is written with the typographic apostrophe

from collections.abc import Mapping, Sequence

LANGUAGES: Sequence[str] = ("en", "fr")

TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "subscribed": "Unsubscribe?",
        "subscribedText": "You receive this mailing by email. One press of the button and it stops.",
        "unsubscribe": "Unsubscribe",
        "left": "You are unsubscribed",
        "leftText": "You will no longer receive this mailing.",
        "leftHint": "Was it a slip, or have you changed your mind?",
        "subscribeAgain": "Subscribe again",
        "rejoined": "You are subscribed again",
        "rejoinedText": "You will go on receiving this mailing.",
        "gone": "You are unsubscribed",
        "goneText": "This address no longer receives mailings from us.",
        "preferences": "What would you like to receive?",
        "preferencesText": "Tick what you want, untick what you do not, and save.",
        "preferencesOutText": "At present you receive nothing from us. Tick what you would like to receive again.",
        "preferencesNoneText": "You receive mailings from us by email. One press of the button and they stop.",
        "preferencesSaved": "Your choice is saved",
        "preferencesSavedText": "It counts from now on.",
        "yourLists": "Your subscriptions",
        "thisMailing": "This mailing",
        "save": "Save my choice",
        "leaveEverything": "Unsubscribe from everything",
        "message": "Message",
        "notFound": "There is nothing here",
        "notFoundText": "Please check the address of this page.",
        "problem": "Please try again in a moment",
        "problemText": "We could not do this just now. Please try again in a minute.",
    },
    "fr": {
        "subscribed": "Vous désabonner\u202f?",
        "subscribedText": "Vous recevez ces messages par courriel. Il suffit d’un clic pour ne plus les recevoir.",
        "unsubscribe": "Me désabonner",
        "left": "Désabonnement confirmé",
        "leftText": "Vous ne recevrez plus ces messages.",
        "leftHint": "Une erreur, ou vous avez changé d’avis\u202f?",
        "subscribeAgain": "Me réabonner",
        "rejoined": "Réabonnement confirmé",
        "rejoinedText": "Vous continuerez à recevoir ces messages.",
        "gone": "Désabonnement confirmé",
        "goneText": "Cette adresse ne reçoit plus de messages de notre part.",
        "preferences": "Que souhaitez-vous recevoir\u202f?",
        "preferencesText": "Cochez ce que vous voulez recevoir, décochez le reste, puis enregistrez.",
        "preferencesOutText": "Vous ne recevez plus rien de notre part. Cochez ce que vous souhaitez recevoir à nouveau.",
        "preferencesNoneText": "Vous recevez nos messages par courriel. Il suffit d’un clic pour ne plus les recevoir.",
        "preferencesSaved": "Votre choix est enregistré",
        "preferencesSavedText": "Il est pris en compte dès maintenant.",
        "yourLists": "Vos abonnements",
        "thisMailing": "Cet envoi",
        "save": "Enregistrer mon choix",
        "leaveEverything": "Me désabonner de tout",
        "message": "Message",
        "notFound": "Il n’y a rien ici",
        "notFoundText": "Veuillez vérifier l’adresse de cette page.",
        "problem": "Veuillez réessayer dans un instant",
        "problemText": "Nous n’avons pas pu le faire à l’instant. Veuillez réessayer dans une minute.",
    },
}
"""A test holds that every language says the same things."""


def language_of(accept_language: str | None, otherwise: str) -> str:
    """The reader's language among ours, by the weights of ``Accept-Language`` (RFC 9110 section 12.5.4).

    A reader who names none of ours, or only with weight 0, gets ``otherwise``; among equal weights the first named wins.
    """
    fallback = otherwise if otherwise in LANGUAGES else LANGUAGES[0]
    wanted: dict[str, float] = {}
    for part in (accept_language or "").split(","):
        tag, _, parameters = part.strip().lower().partition(";")
        language = fallback if tag == "*" else tag.partition("-")[0].strip()
        if language in LANGUAGES:
            wanted.setdefault(language, _weight(parameters))
    best = max(wanted, key=lambda language: wanted[language], default=fallback)
    return best if wanted.get(best, 0) > 0 else fallback


def _weight(parameters: str) -> float:
    """``q=0.8``; without one 1, and 0 for what is none."""
    name, _, value = parameters.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
