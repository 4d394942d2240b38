"""Exports of Pipedrive, with the traps that real ones have."""

import pytest

from tests.services.exports import at, people, take, take_as_it_is

ENGLISH = (
    "Deal - ID,Deal - Title,Deal - Owner,Deal - Value,Deal - Currency of Value,Deal - Stage,Deal - Status,"
    "Deal - Deal created,Deal - Last stage change,Deal - Won time,Deal - Lost time,Deal - Deal closed on"
)
PORTUGUESE = (
    "Negócio - ID,Negócio - Título,Negócio - Proprietário,Negócio - Valor,Negócio - Moeda,Negócio - Etapa,"
    "Negócio - Status,Negócio - Negócio criado em,Negócio - Última alteração de etapa,Negócio - Ganho em,"
    "Negócio - Data de perda,Negócio - Negócio fechado em"
)


@pytest.fixture
def aurora(session):
    return people(session)


@pytest.mark.parametrize(("header", "won", "lost"), [(ENGLISH, "Won", "Lost"), (PORTUGUESE, "Ganho", "Perdido")])
def test_deals_are_created_moved_won_and_lost(aurora, header, won, lost):
    rows = [
        f"1,A,Rui Alves,1234.5,BRL,Proposal,{won},2026-03-02 09:00:00,2026-03-03 09:00:00,2026-03-12 10:00:00,,",
        f"2,B,Eva Lima,10,BRL,Demo,{lost},2026-03-02 10:00:00,,,2026-03-12 11:00:00,2026-03-12 11:00:00",
        "3,C,Eva Lima,0,BRL,Demo,Open,2026-03-02 11:00:00,,2026-03-12 12:00:00,,",  # won once, and opened again
    ]
    _, found = take_as_it_is(aurora, "pipedrive-deals", "\n".join([header, *rows, ""]))
    assert [(row[0], row[1], row[3], row[5]) for row in found] == [
        ("1", "opportunity.created", "Rui Alves", 123_450),
        ("2", "opportunity.created", "Eva Lima", 1_000),
        ("3", "opportunity.created", "Eva Lima", 0),
        ("1", "opportunity.followed_up", "Rui Alves", None),
        ("1", "opportunity.won", "Rui Alves", 123_450),
        ("2", "opportunity.lost", "Eva Lima", None),
    ]


def test_a_deal_without_a_time_of_its_winning_was_won_when_it_was_closed(aurora):
    header = "Deal - ID,Deal - Owner,Deal - Value,Deal - Status,Deal - Deal created,Deal - Deal closed on"
    content = f"{header}\n1,Rui Alves,7,Won,2026-03-02 09:00:00,2026-03-12 10:00:00\n"
    _, found = take_as_it_is(aurora, "pipedrive-deals", content)
    assert found[1] == ("1", "opportunity.won", at(12, "10:00"), "Rui Alves", None, 700)
    mixed = "Deal - ID,Deal - Owner,Deal - Currency,Deal - Value,Deal - Deal created\n2,Rui Alves,USD,7,2026-03-02\n"
    assert take(aurora, "pipedrive-deals", mixed)[0].refusals[0].column == "currency"  # K2


def test_leads_come_in_and_belong_to_their_owner(aurora):
    content = (
        "Lead - ID,Lead - Title,Lead - Owner,Lead - Lead created\nadf21080-0e10-11eb,A,Rui Alves,2026-03-02 09:00:00\n"
    )
    _, found = take_as_it_is(aurora, "pipedrive-leads", content)
    assert [row[1:4] for row in found] == [
        ("lead.assigned", at(2, "09:00"), "Rui Alves"),
        ("lead.received", at(2, "09:00"), None),
    ]
