"""How many parts a text message takes: networks cut it, and each part is paid for."""

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = "\f^{}\\[~]|€"


def sms_parts(text: str) -> tuple[int, str]:
    """Parts that a text message takes, and the alphabet that decides it.

    Parameters
    ----------
    text : str

    Returns
    -------
    parts, alphabet
        160 signs of the GSM alphabet fit in one part, 153 in each of several; the signs ``^{}\\[~]|€`` count
        twice. One sign beyond that alphabet makes it UCS-2: 70, or 67 in each of several; signs beyond the
        basic plane count twice. No sign is cut in two.

    References
    ----------
    3GPP TS 23.038, Alphabets and language-specific information; TS 23.040, section 9.2.3.24.1.

    Examples
    --------
    >>> sms_parts("a" * 160), sms_parts("a" * 161), sms_parts("€" * 80), sms_parts("茶" * 71), sms_parts("")
    ((1, 'GSM-7'), (2, 'GSM-7'), (1, 'GSM-7'), (2, 'UCS-2'), (0, 'GSM-7'))
    """
    if all(sign in _BASIC or sign in _EXTENDED for sign in text):
        return _parts([2 if sign in _EXTENDED else 1 for sign in text], 160, 153), "GSM-7"
    return _parts([len(sign.encode("utf-16-le", "replace")) // 2 for sign in text], 70, 67), "UCS-2"


def _parts(sizes: list[int], alone: int, several: int) -> int:
    if sum(sizes) <= alone:
        return int(bool(sizes))
    parts, room = 1, several
    for size in sizes:
        if size > room:
            parts, room = parts + 1, several
        room -= size
    return parts
