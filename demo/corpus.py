"""A made-up knowledge base of a small bank: headings, then questions, then notes of the staff."""

from itertools import product

SUBJECTS = (
    ("a lost card", "block the card in the app and order a new one"),
    ("a foreign transfer", "enter the IBAN and choose who pays the charges"),
    ("a student loan", "send the letter of the university with the form"),
    ("a joint account", "come to a branch together with two passports"),
    ("a forgotten password", "ask for a code by text message and pick a new password"),
    ("a savings plan", "choose an amount and a day of the month"),
    ("a mortgage", "bring the contract of sale and three pay slips"),
    ("a cash deposit", "use the machine in the hall, which counts notes and coins"),
    ("a direct debit", "object within eight weeks and the amount comes back"),
    ("a change of address", "type the new address under settings and confirm it"),
    ("a credit card limit", "tell us your income and wait for one working day"),
    ("travel insurance", "sign the contract at least two days before departure"),
)
PLACES = ("in the app", "at the branch", "by telephone", "from abroad")
CUSTOMERS = (
    "A customer who had just moved here from another country",
    "An elderly couple without a computer at home",
    "The owner of a small bakery around the corner",
)

HEADINGS = ("{subject} {place}", "Help with {subject} {place}")
QUESTIONS = (
    "How do I deal with {subject} {place}?",
    "Who can help me with {subject} {place} on a Sunday?",
    "What does {subject} cost when it is arranged {place}?",
)
NOTE = (
    "{customer} asked about {subject} {place}: we explained that the quickest way is to {answer}, "
    "and that {detail}."
)
DETAILS = (
    "nothing else is needed",
    "the confirmation arrives by letter, which may take a week when there are public holidays",
    "our colleagues answer further questions every day until ten in the evening",
    "the service is free for everybody under twenty-six as well as for members of the cooperative",
)

QUERY = (
    "My wallet was stolen on holiday in Spain, what must I do now so that nobody pays with my card?"
)


def sentences() -> list[str]:
    lines = []
    for template in HEADINGS + QUESTIONS:
        for (subject, _), place in product(SUBJECTS, PLACES):
            line = template.format(subject=subject, place=place)
            lines.append(line[0].upper() + line[1:])
    notes = product(SUBJECTS, PLACES, CUSTOMERS)
    for number, ((subject, answer), place, customer) in enumerate(notes):
        detail = DETAILS[number * 7 % 11 % len(DETAILS)]
        lines.append(
            NOTE.format(
                customer=customer, subject=subject, place=place, answer=answer, detail=detail
            )
        )
    lines += [
        "Our branch is closed on public holidays.",
        "Cards can be blocked at any hour, every day of the year.",
        "Lost property is kept at the counter for four weeks.",
    ]
    return lines
