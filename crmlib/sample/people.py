"""Names of people and companies, in the writing of their country."""

import random
from typing import Any

from crmlib.sample.truths import COUNTRIES
from crmlib.schema.errors import CrmlibError

_TWIN_SWAPS = (
    (" GmbH", " Gmbh"), (" AG", " A.G."), ("有限公司", "有限责任公司"), ("株式会社", "(株)"), (" Ltd", " Limited"),
    (" PLC", " plc"), (" Inc", " Incorporated"), (" SARL", " S.A.R.L."), (" S.A.", " SA"), (" KG", " K.G."),
)  # fmt: skip


class Register:
    """Draws names and addresses country by country; the same seed gives the same ones.

    Parameters
    ----------
    seed : int

    Raises
    ------
    CrmlibError
        If the package faker is not installed; it names the extra.

    Examples
    --------
    >>> Register(1).person("Japan") == Register(1).person("Japan")
    True
    """

    def __init__(self, seed: int) -> None:
        try:
            from faker import Factory
        except ImportError as error:
            raise CrmlibError(
                "The sample company's names come from the package faker. Install it: pip install crmlib[sample]"
            ) from error
        self._faker: dict[str, Any] = {}
        for country, (locale, *_) in COUNTRIES.items():
            self._faker[country] = Factory.create(locale)
            self._faker[country].seed_instance(f"{seed} {locale}")

    def person(self, country: str) -> str:
        """The name of a person.

        Examples
        --------
        >>> len(Register(1).person("China")) in (2, 3, 4)
        True
        """
        return self._faker[country].name()

    def company(self, country: str) -> str:
        """The name of a company.

        Examples
        --------
        >>> bool(Register(1).company("Germany"))
        True
        """
        return self._faker[country].company()

    def place(self, country: str) -> dict[str, str]:
        """City, postcode, street and telephone.

        Examples
        --------
        >>> list(Register(1).place("France"))
        ['city', 'postcode', 'address', 'phone']
        """
        faker = self._faker[country]
        return {
            "city": faker.city(),
            "postcode": faker.postcode(),
            "address": faker.street_address().replace("\n", ", "),
            "phone": faker.phone_number(),
        }


def written_otherwise(name: str, rng: random.Random) -> str:
    """A name as another clerk would write it: legal form, case, a slip of the key.

    Examples
    --------
    >>> written_otherwise("Müller GmbH", random.Random(1))
    'Müller Gmbh'
    """
    for one, other in _TWIN_SWAPS:
        if one in name:
            return name.replace(one, other)
    if rng.random() < 0.3:
        return name.upper()
    place = rng.randrange(1, max(2, len(name) - 1))
    return name[:place] + name[place + 1 :] if rng.random() < 0.5 else name[:place] + name[place - 1 :]
