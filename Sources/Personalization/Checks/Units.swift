/// What numbers count, by the folded words that stand for it.
enum Units {
    /// Signs and words of currencies, to one sign each.
    static let currencies: [String: String] = [
        "$": "$", "usd": "$", "dollar": "$", "dollars": "$", "dolar": "$", "dolares": "$",
        "€": "€", "eur": "€", "euro": "€", "euros": "€",
        "£": "£", "gbp": "£", "pound": "£", "pounds": "£", "quid": "£", "libra": "£", "libras": "£",
        "¥": "¥", "yen": "¥", "yenes": "¥",
        "cent": "cent", "cents": "cent", "centimo": "cent", "centimos": "cent", "pence": "penny", "penny": "penny",
    ]

    /// Words for units of time and measure, to one name each, the same in both languages.
    static let names: [String: String] = [
        "second": "second", "seconds": "second", "sec": "second", "segundo": "second", "segundos": "second",
        "minute": "minute", "minutes": "minute", "min": "minute", "mins": "minute", "minuto": "minute",
        "minutos": "minute",
        "hour": "hour", "hours": "hour", "h": "hour", "hr": "hour", "hrs": "hour", "hora": "hour", "horas": "hour",
        "day": "day", "days": "day", "dia": "day", "dias": "day",
        "week": "week", "weeks": "week", "semana": "week", "semanas": "week",
        "month": "month", "months": "month", "mes": "month", "meses": "month",
        "year": "year", "years": "year", "ano": "year", "anos": "year",
        "o'clock": "o'clock",
        "mm": "mm", "cm": "cm", "km": "km", "metre": "m", "metres": "m", "meter": "m", "meters": "m", "metro": "m",
        "metros": "m", "mile": "mile", "miles": "mile",
        "g": "g", "gram": "g", "grams": "g", "gramo": "g", "gramos": "g", "kg": "kg", "kilo": "kg", "kilos": "kg",
        "kilogram": "kg", "kilograms": "kg", "oz": "oz", "ounce": "oz", "ounces": "oz", "lb": "lb", "lbs": "lb",
        "ml": "ml", "litre": "l", "litres": "l", "liter": "l", "liters": "l", "litro": "l", "litros": "l",
        "gb": "gb", "tb": "tb", "mb": "mb",
    ]

    /// Whether a word says nothing about what is counted or stated.
    static func isFiller(_ word: String) -> Bool { fillers.contains(word) }

    private static let fillers: Set<String> = Language.english.commonWords.union(Language.spanish.commonWords).union([
        "a", "per", "each", "about", "cada", "does", "did", "were", "had", "been", "being", "cent", "percent", "ciento",
    ])
}
