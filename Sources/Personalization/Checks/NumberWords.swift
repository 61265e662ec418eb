/// The words by which a language writes numbers.
struct NumberWords: Sendable {
    /// Words below a hundred, in their folded form.
    let small: [String: Double]
    /// Words that multiply what stands before them, or stand for themselves.
    let large: [String: Double]
    /// The word between tens and units, or after hundreds.
    let joint: String
    /// One, in its forms; an article or pronoun as often as a number.
    let one: Set<String>
    /// Words for a place in an order.
    let ordinals: [String: Double]
    /// Words that multiply or divide a claim: `twice the price`.
    let ratios: [String: Double]
    /// Words for a crowd of no exact size.
    let vague: Set<String>

    static func of(_ language: Language) -> NumberWords {
        switch language {
        case .english: english
        case .spanish: spanish
        }
    }

    private static let english = NumberWords(
        small: values(
            """
            zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen \
            seventeen eighteen nineteen
            """
        ).merging(tens("twenty thirty forty fifty sixty seventy eighty ninety")) { first, _ in first }
            .merging(["dozen": 12]) { first, _ in first },
        large: ["hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000],
        joint: "and", one: ["one"],
        ordinals: values("zeroth first second third fourth fifth sixth seventh eighth ninth tenth"),
        ratios: [
            "twice": 2, "double": 2, "doubles": 2, "doubled": 2, "doubling": 2, "twofold": 2, "thrice": 3, "triple": 3,
            "triples": 3, "tripled": 3, "threefold": 3, "quadruple": 4, "tenfold": 10, "half": 0.5, "halve": 0.5,
            "halves": 0.5, "halved": 0.5, "halving": 0.5, "quarter": 0.25, "quarters": 0.25,
        ],
        vague: ["dozens", "scores", "hundreds", "thousands", "millions", "billions", "majority"])

    private static let spanish = NumberWords(
        small: values(
            """
            cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciseis \
            diecisiete dieciocho diecinueve veinte veintiuno veintidos veintitres veinticuatro veinticinco veintiseis \
            veintisiete veintiocho veintinueve
            """
        ).merging(tens("veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa")) { first, _ in first }
            .merging(["docena": 12, "un": 1, "una": 1, "veintiun": 21, "veintiuna": 21]) { first, _ in first },
        large: [
            "cien": 100, "ciento": 100, "doscientos": 200, "doscientas": 200, "trescientos": 300, "trescientas": 300,
            "cuatrocientos": 400, "cuatrocientas": 400, "quinientos": 500, "quinientas": 500, "seiscientos": 600,
            "seiscientas": 600, "setecientos": 700, "setecientas": 700, "ochocientos": 800, "ochocientas": 800,
            "novecientos": 900, "novecientas": 900, "mil": 1_000, "millon": 1_000_000, "millones": 1_000_000,
        ],
        joint: "y", one: ["un", "una", "uno"],
        ordinals: values("cero primero segundo tercero cuarto quinto sexto septimo octavo noveno decimo").merging([
            "primer": 1, "primera": 1, "segunda": 2, "tercer": 3, "tercera": 3, "cuarta": 4, "quinta": 5, "sexta": 6,
            "septima": 7, "octava": 8, "novena": 9, "decima": 10,
        ]) { first, _ in first },
        ratios: [
            "doble": 2, "dobles": 2, "duplica": 2, "duplican": 2, "duplicar": 2, "triple": 3, "triplica": 3,
            "triplican": 3, "triplicar": 3, "mitad": 0.5,
        ],
        vague: ["decenas", "docenas", "cientos", "miles", "centenares", "mayoria"])

    /// The words of a list, from 0.
    private static func values(_ list: String) -> [String: Double] {
        Dictionary(uniqueKeysWithValues: list.split(separator: " ").enumerated().map { (String($1), Double($0)) })
    }

    /// The words of a list, from 20 in tens.
    private static func tens(_ list: String) -> [String: Double] {
        values(list).mapValues { ($0 + 2) * 10 }
    }

    /// Reads the number that begins at a token: `eighty-two`, `one hundred and twenty`, `treinta y ocho`.
    ///
    /// - Returns: the value and the index after it, or `nil` where no number begins.
    func number(in tokens: [Token], at start: Int) -> (value: Double, end: Int)? {
        var total = 0.0
        var group = 0.0
        // What the next word must be below, so that "six seven" is two numbers and "sixty-seven" is one.
        var limit = Double.infinity
        var end = start
        var index = start
        while index < tokens.count {
            let word = tokens[index].folded
            if let value = small[word], value < limit, value < 100 {
                group += value
                limit = value >= 20 && value.truncatingRemainder(dividingBy: 10) == 0 ? 10 : 1
            } else if let value = large[word], value >= 1_000, total == 0 || value < 1_000_000 {
                total += max(group, 1) * value
                group = 0
                limit = 1_000
            } else if let value = large[word], value < 1_000, group < 100 || limit == .infinity {
                // "three hundred" multiplies; "doscientos" stands for itself.
                group = value == 100 ? max(group, 1) * 100 : group + value
                limit = 100
            } else {
                break
            }
            index += 1
            end = index
            let isJoint = index < tokens.count && (tokens[index].text == "-" || tokens[index].folded == joint)
            if isJoint, index + 1 < tokens.count, limit > 1, small[tokens[index + 1].folded] != nil { index += 1 }
        }
        return end == start ? nil : (total + group, end)
    }
}
