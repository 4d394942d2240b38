"""Exports of Odoo, with the traps that real ones have."""

import pytest

from tests.services.exports import at, people, take, take_as_it_is


@pytest.fixture
def aurora(session):
    return people(session)


def test_an_odoo_export(aurora):
    content = (
        '"External ID","Opportunity","Salesperson","Sales Team","Stage","Created on","Assignment Date",'
        '"Last Stage Update","Closed Date","Expected Revenue"\n'
        '"__export__.crm_lead_1","A","Rui Alves","North","Won","2026-03-02 09:00:00","2026-03-02 09:05:00",'
        '"2026-03-12 10:00:00","2026-03-12 10:00:00","1234.50"\n'
        '"__export__.crm_lead_2","B","","North","New","2026-03-02 10:00:00","","2026-03-02 10:00:00","","0.00"\n'
    )
    _, found = take(aurora, "odoo-leads", content)
    assert [(row[1], row[3], row[5]) for row in found] == [
        ("lead.received", None, None),
        ("lead.assigned", "Rui Alves", None),
        ("lead.received", None, None),
        ("opportunity.won", "Rui Alves", 123_450),
    ]


LEADS_IN = {
    "id,user_id,stage_id,create_date,date_open,date_last_stage_update,date_closed,expected_revenue": "Won",
    "ID externo,Vendedor,Estágio,Criado em,Data de atribuição,Última atualização do estágio,Data de fechamento,"
    "Receita esperada": "Ganho",
    "ID externo,Comercial,Etapa,Creado el,Fecha de asignación,Última actualización de etapa,Fecha de cierre,"
    "Ingreso esperado": "Ganado",
    "Externe ID,Verkäufer,Phase,Erstellt am,Zuweisungsdatum,Aktuellste Stufenaktualisierung,Abschlussdatum,"
    "Erwarteter Umsatz": "Gewonnen",
    "ID externe,Vendeur,Étape,Créé le,Date d'affectation,Dernière mise à jour de l'étape,Date de clôture,"
    "Revenu espéré": "Gagné",
}


@pytest.mark.databases("sqlite")
def test_names_of_fields_and_their_headings_in_five_languages(aurora):
    times = "2026-03-02 09:00:00,2026-03-02 09:05:00,2026-03-12 10:00:00,2026-03-12 10:00:00"
    for number, (header, won) in enumerate(LEADS_IN.items()):
        content = f"{header}\n__export__.crm_lead_{number},Rui Alves,{won},{times},1234.50\n"
        _, found = take_as_it_is(aurora, "odoo-leads", content)
        mine = [row[1:4] + row[5:] for row in found if row[0].endswith(str(number))]
        assert mine == [
            ("lead.received", at(2, "09:00"), None, None),
            ("lead.assigned", at(2, "09:05"), "Rui Alves", None),
            ("opportunity.won", at(12, "10:00"), "Rui Alves", 123_450),
        ]
