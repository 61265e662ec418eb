import LanguageModel
import Personalization
import XCTest

/// What a written text may say about a fact, case by case.
final class SlotRulesTests: XCTestCase {
    private struct Case {
        let text: String
        /// A part of the reason; `nil` where the text may stand.
        let reason: String?

        init(_ text: String, _ reason: String? = nil) {
            self.text = text
            self.reason = reason
        }
    }

    private func check(
        _ cases: [Case], fact: String?, language: String = "en", reader: [String: String] = [:], scaffold: String = "",
        form: Writing.Form = .sentence, forbidden: [String] = [], mayUse: [String] = [], line: UInt = #line
    ) throws {
        for item in cases {
            let verdict = try Sample.verdict(
                on: item.text, fact: fact, language: language, reader: reader, scaffold: scaffold, form: form,
                forbidden: forbidden, mayUse: mayUse)
            switch (verdict, item.reason) {
            case (.stands, nil): break
            case (.fails(let reason), let expected?):
                XCTAssertTrue(reason.contains(expected), "\(item.text): \(reason), not \(expected)", line: line)
            case (.fails(let reason), nil): XCTFail("refused: \(item.text): \(reason)", line: line)
            case (.stands, _?): XCTFail("may not stand: \(item.text)", line: line)
            }
        }
    }

    func testNumbersInDigitsAndWords() throws {
        try check(
            [
                Case("Schema changes are detected within ninety seconds."),
                Case("Schema changes are detected within 90 seconds."),
                Case("Schema changes are detected within 60 seconds.", "number \"60\""),
                Case("Schema changes are detected within sixty seconds.", "number \"sixty\""),
                Case("Schema changes are detected within ninety minutes.", "number \"ninety\""),
                Case("Schema changes are detected within ninety-nine seconds.", "number \"ninety"),
                Case("Schema changes are detected twice within ninety seconds.", "number \"twice\""),
                Case("Schema changes are detected in half of ninety seconds.", "number \"half\""),
                Case("Thousands of schema changes are detected within ninety seconds.", "number \"Thousands\""),
                Case("Schema changes are detected within ninety seconds, 3x faster.", "number \"3x\""),
                Case("Schema changes are detected within ninety seconds in one minute.", "number \"one\""),
                Case("Schema changes are detected within ninety seconds, ½ of them.", "number \"½\""),
                Case("Schema changes are detected within ninety seconds, the third time.", "number \"third\""),
                Case("You asked about renames: schema changes are detected within ninety seconds."),
                Case("Schema changes are detected within about ninety seconds.", "\"about\" is not in the fact"),
                Case("Schema changes are detected after ninety seconds.", "\"after\" is not in the fact"),
                Case("Schema changes are detected within seconds.", "the fact's \"ninety\" is missing"),
            ], fact: "Schema changes are detected within ninety seconds.")
    }

    func testPercentagesAreNoCounts() throws {
        try check(
            [
                Case("Alert grouping reduces notifications by a median of 82%."),
                Case("Alert grouping reduces notifications by a median of 82 per cent."),
                Case("Alert grouping reduces notifications by a median of 82.", "number \"82\""),
                Case("Alert grouping reduces notifications by a median of 28%.", "number \"28 %\""),
                Case("Alert grouping reduces notifications by 82%.", "\"median\" is missing"),
            ], fact: "Alert grouping reduces notifications by a median of eighty-two per cent.")
    }

    func testPrices() throws {
        try check(
            [
                Case("Membership is £34 a month with no contract and 28 days' notice."),
                Case("Membership is 34 pounds a month with no contract and 28 days' notice."),
                Case("Membership is €34 a month with no contract and 28 days' notice.", "number \"34\""),
                Case("Membership is £34 a week with no contract and 28 days' notice.", "number \"34\""),
                Case("Membership is £43 a month with no contract and 28 days' notice.", "number \"43\""),
                Case("Membership is £34 a month with no contract and 28 days' notice, £1 off.", "number \"1\""),
                Case("Membership is free, £34 a month, no contract and 28 days' notice.", "promise \"free\""),
                Case("Membership is £34 a month with a contract and 28 days' notice.", "negation is missing"),
            ], fact: "Membership is £34 a month with no contract and 28 days' notice.")
        try check(
            [Case("Team is $1,200 a month."), Case("Team is $1200 a month."), Case("Team is $1.2 a month.", "1.2")],
            fact: "Team is $1,200 a month.")
    }

    func testNames() throws {
        try check(
            [
                Case("Lineage at Hexfield Games is column-level."),
                Case("Hexfield's lineage is column-level."),
                Case("Your lineage is column-level."),
                Case("Lineage beats Fivetran at column-level.", "name \"Fivetran\""),
                Case("Fivetran lineage is column-level.", "name \"Fivetran\""),
                Case("Lineage is column-level for iPhone teams.", "name \"iPhone\""),
                Case("Lineage is column-level, says GDPR.", "name \"GDPR\""),
                Case("Lineage is column-level on S3.", "name \"S3\""),
            ], fact: "Lineage is column-level.", reader: ["company": "Hexfield Games"])
    }

    func testDatesTimesAndLinks() throws {
        try check(
            [
                Case("Barbell Club is Tuesday and Thursday at 6:30pm."),
                Case("Barbell Club is Tuesday and Thursday at 6:30."),
                Case("Barbell Club is Tuesday and Thursday at 7:30pm.", "number \"7:30pm\""),
                Case("Barbell Club is Tuesday and Thursday at 6:30am.", "number \"6:30am\""),
                Case("Barbell Club is Tuesday and Friday at 6:30pm.", "name \"Friday\""),
                Case("Barbell Club is Tuesday, Thursday and tomorrow at 6:30pm.", "date \"tomorrow\""),
                Case("Barbell Club, ironclad.example, is Tuesday and Thursday at 6:30pm.", "link"),
                Case("Barbell Club: https://evil.example is Tuesday and Thursday at 6:30pm.", "link"),
                Case("Barbell Club (dez@ironclad.example) is Tuesday and Thursday at 6:30pm.", "link"),
            ], fact: "Barbell Club is Tuesday and Thursday at 6:30pm.")
    }

    func testFactsKeepTheirMeaning() throws {
        try check(
            [
                Case("Row data does not leave the customer's warehouse."),
                Case("Row data never leaves the customer's warehouse."),
                Case("Row data leaves the customer's warehouse.", "negation is missing"),
                Case("Nothing is better.", "holds"),
            ], fact: "Row data does not leave the customer's warehouse.")
        try check(
            [
                Case("Charities pay half unless they have more than 200 staff."),
                Case("Charities pay half with more than 200 staff.", "\"unless\" is missing"),
                Case("Charities pay half unless they have less than 200 staff.", "\"less\" is not in the fact"),
                Case("Charities always pay half unless they have more than 200 staff.", "\"always\""),
            ], fact: "Charities pay half unless they have more than 200 staff.")
        try check(
            [
                Case("Lineage refreshes only nightly on weekdays.", "\"only\" is not in the fact"),
                Case("Lineage never refreshes nightly on weekdays.", "negation \"never\" is not in the fact"),
                Case("Every lineage refreshes nightly on weekdays.", "\"every\" is not in the fact"),
                Case("You asked about lineage, which refreshes nightly on weekdays."),
                Case("Lineage changed and refreshes nightly on weekdays."),
                Case("Lineage refreshes on weekdays.", "holds"),
            ], fact: "Lineage refreshes nightly on weekdays.")
    }

    func testSubjectLinesMayShortenTheirFact() throws {
        try check(
            [
                Case("Schema changes, seen in ninety seconds"), Case("Schema changes, detected"),
                Case("Schema changes, seen in nine seconds", "number \"nine\""),
                Case("No schema changes detected", "negation \"No\""),
            ], fact: "Schema changes are detected within ninety seconds.", form: .phrase)
    }

    func testForm() throws {
        let fact = "Lineage is column-level."
        try check(
            [
                Case("", "empty"), Case("Lineage is\ncolumn-level.", "line break"),
                Case("Lineage is column-level", "unfinished"), Case("**Lineage** is column-level.", "opens with"),
                Case("Lineage is <b>column-level</b>.", "markup"), Case("Lineage is [column-level].", "markup"),
                Case("Subject: Lineage is column-level.", "heading"), Case("=1+1", "opens with"),
                Case("As an AI, lineage is column-level.", "speaks of itself"),
                Case("Lineage is column-level. It is good.", "2 sentences, at most 1"),
                Case(String(repeating: "lineage ", count: 31) + ".", "32 words"),
                Case("Lineage is column-level, seamless.", "forbidden phrase \"seamless\""),
                Case("Lineage is column-level!", "forbidden phrase \"!\""),
                Case("Lineage is column-level; we touch  base.", "forbidden phrase \"touch base\""),
                Case("Lineage is column-level, quick.", "forbidden phrase \"quick\""),
                Case("Lineage is column-level, quickly."),
            ], fact: fact, forbidden: ["quick"])
    }

    func testInstructionsAndSurroundingsAreNotRepeated() throws {
        try check(
            [
                Case("Connect the reader's work with what the statement below says.", "of itself"),
                Case("This is a short note that a busy person reads to the end.", "repeats the instructions"),
                Case("We know that the job which never starts sends you nothing at all.", "repeats the text around it"),
            ], fact: nil, scaffold: "The job which never starts sends you nothing.")
    }

    func testAReadersOwnFieldPromisesNothing() throws {
        let reader = ["company": "Free Bikes 50% off $20", "pain": "12 late tables"]
        try check(
            [
                Case("We know that 12 late tables are a bad morning."),
                Case("We know that bikes are free.", "promise \"free\""),
                Case("We know that bikes are 50% off.", "number \"50 %\""),
                Case("We know that bikes are $20.", "number \"20\""),
            ], fact: nil, reader: reader)
    }

    func testSpanish() throws {
        try check(
            [
                Case("La hogaza de pueblo pesa un kilo y cuesta 5,80 €."),
                Case("La hogaza de pueblo pesa un kilo y cuesta 5,80 euros."),
                Case("La hogaza de pueblo pesa un kilo y cuesta 8,50 €.", "number \"8,50 €\""),
                Case("Pediste pan: la hogaza de pueblo pesa un kilo y cuesta 5,80 €."),
                Case("La hogaza de puéblo pesa un kilo y cuesta 5,80 €.", "spelt otherwise"),
                Case("La hogaza de pueblo pesa dos kilos y cuesta 5,80 €.", "number \"dos\""),
                Case("La hogaza de pueblo pesa un kilo y cuesta la mitad de 5,80 €.", "number \"mitad\""),
                Case("La hogaza de pueblo no pesa un kilo y cuesta 5,80 €.", "negation \"no\""),
                Case("La hogaza de Mercadona pesa un kilo y cuesta 5,80 €.", "name \"Mercadona\""),
                Case("La hogaza de pueblo, gratis, pesa un kilo y cuesta 5,80 €.", "promise \"gratis\""),
                Case("La hogaza de pueblo pesa un kilo y cuesta 5,80 € el lunes.", "date \"lunes\""),
                Case("The village loaf is a kilo and it is 5,80 €.", "name \"The\""),
            ], fact: "La hogaza de pueblo pesa un kilo y cuesta 5,80 €.", language: "es")
        try check(
            [
                Case("El pan fermenta veinticuatro horas."), Case("El pan fermenta 24 horas."),
                Case("El pan fermenta treinta y cuatro horas.", "number \"treinta y cuatro\""),
                Case("The bread is good and this is for you.", "name \"The\""),
            ], fact: "El pan fermenta veinticuatro horas.", language: "es")
    }

    func testOtherLanguagesAndScripts() throws {
        try check(
            [
                Case("You see el pan de la casa con las manos.", "reads like Spanish"),
                Case("You see данные in the morning.", "another script"),
            ], fact: nil)
    }

    func testLongNumbersInWords() throws {
        try check(
            [
                Case("Pieces come in batches of 1,250."),
                Case("Pieces come in batches of one thousand two hundred and fifty."),
                Case("Pieces come in batches of twelve hundred and fifty."),
                Case("Pieces come in batches of one thousand two hundred.", "number \"one thousand two hundred\""),
            ], fact: "Pieces come in batches of 1,250.")
    }

    func testReasonsAreShortAndEqualForEqualTexts() throws {
        let text = "Lineage of Mira Fjord is column-level with 7 people."
        let first = try Sample.verdict(on: text, fact: "Lineage is column-level.")
        XCTAssertEqual(first, try Sample.verdict(on: text, fact: "Lineage is column-level."))
        XCTAssertEqual(first, .fails("number \"7\" is in no input"))
    }
}
