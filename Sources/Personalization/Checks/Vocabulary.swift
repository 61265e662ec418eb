/// The words that a check looks for in one language, in their folded form.
struct Vocabulary: Sendable {
    /// Words that deny.
    let negations: Set<String>
    /// Words that bound a statement, in groups that mean much the same. A group that a fact uses must stay, and one
    /// that it does not use must not come in.
    let bounds: [Set<String>]
    /// The same for words that bound a number; anywhere else they mean something harmless ("you asked about").
    let measures: [Set<String>]
    /// Words that make a statement depend on something; those of a fact must stay.
    let conditions: [Set<String>]
    /// Commercial promises: they may only stand where an input makes them.
    let promises: Set<String>
    /// Days, months and days relative to now.
    let dates: Set<String>
    /// Ordinary words that may open a sentence with a capital; any other there is taken for a name.
    let openers: Set<String>
    /// How words end that open a sentence as a form of address, and are no names: "pediste", "probaste".
    let openingEndings: [String]
    /// Words with a capital that are no names.
    let capitalised: Set<String>

    static func of(_ language: Language) -> Vocabulary {
        switch language {
        case .english: english
        case .spanish: spanish
        }
    }

    private static let english = Vocabulary(
        negations: Language.words(
            """
            no not never none nothing nobody neither nor without cannot can't don't doesn't didn't won't isn't aren't \
            wasn't weren't shouldn't wouldn't couldn't hasn't haven't
            """),
        bounds: [
            ["only", "solely"], ["median", "average"], ["always", "every", "all"], ["except", "unless", "excluding"],
        ],
        measures: [
            ["until", "till"], ["before"], ["after"], ["least", "minimum"], ["less", "under", "below", "fewer"],
            ["more", "over", "above"], ["most", "maximum"], ["just"],
            ["about", "around", "roughly", "nearly", "almost", "approximately"],
        ],
        conditions: [["if", "when", "once", "where"], ["up"], ["from"]],
        promises: Language.words(
            """
            free discount discounts discounted guarantee guarantees guaranteed guaranteeing refund refunds refunded \
            unlimited bonus award awards certified voucher vouchers coupon coupons complimentary gift prize cashback lifetime
            """),
        dates: Language.words(
            """
            monday tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays thursdays fridays \
            saturdays sundays january february april june july august september october november december today \
            tomorrow yesterday tonight weekend weekends
            """),
        openers: Language.words(
            """
            a an the this that these those it its it's he she they they're we we're we've we'll our us you you're \
            you've you'll your my i i'm i'll i've there here that's there's and but or so if when while where once \
            since because although though until unless before after as at by for from in into of on off out over \
            under through to up with within without about above across against along among around behind below \
            beside between beyond down during inside near outside past per than toward what what's which who whose \
            why how no not never nothing nobody none each every all any some most many much more less few several \
            both either neither other another such same only just even also still yet already again soon now then \
            often always usually sometimes maybe perhaps instead rather too very is are was were be been being has \
            have had do does did can could will would shall should may might must let let's see try look read ask \
            tell bring take make keep give get find start stop check write send reply call book join come go pick \
            choose open close put set run learn show know think need want like use add leave wear meet say talk \
            hold wait save spend pay buy work works working help helps thanks thank hello hi dear yes good great \
            nice new old small big long short first last next early late plain simple clear quiet well better best \
            people teams team things time day days week weeks year years most someone somebody everyone everything \
            anyone anything something half between given whatever whenever whichever whether please following further ours yours theirs plan note
            """),
        openingEndings: [],
        capitalised: ["i", "i'm", "i'll", "i've", "i'd"])

    private static let spanish = Vocabulary(
        negations: Language.words("no nunca jamas nada nadie ninguno ninguna ningun ni sin tampoco"),
        bounds: [
            ["solo", "solamente", "unicamente"], ["media", "mediana", "promedio"],
            ["siempre", "todos", "todas", "cada"], ["salvo", "excepto"],
        ],
        measures: [
            ["hasta"], ["antes"], ["despues", "tras"], ["minimo"], ["menos"], ["mas"], ["maximo"],
            ["casi", "aproximadamente", "unos", "unas", "alrededor"],
        ],
        conditions: [["si", "cuando", "siempre"], ["desde", "partir"]],
        promises: Language.words(
            """
            gratis gratuito gratuita gratuitos gratuitas descuento descuentos rebaja rebajas oferta ofertas garantia \
            garantias garantizado garantizada garantizamos reembolso reembolsos devolucion ilimitado ilimitada premio \
            premios certificado certificada regalo regalos regalamos vale cupon bono
            """),
        dates: Language.words(
            """
            lunes martes miercoles jueves viernes sabado sabados domingo domingos enero febrero marzo abril mayo junio \
            julio agosto septiembre octubre noviembre diciembre hoy manana ayer anoche
            """),
        openers: Language.words(
            """
            el la los las un una unos unas lo al del este esta estos estas ese esa esos esas esto eso aqui ahi alli yo \
            tu ella ellos nosotros vosotros usted ustedes mi mis tus su sus nuestro nuestra nuestros nuestras \
            vuestro vuestra y e o u pero sino aunque si cuando mientras donde como porque pues que quien cual cuanto \
            cuanta a ante bajo con contra de desde durante en entre hacia hasta para por segun sin sobre tras no nunca \
            nada nadie ni ninguno ninguna cada todo toda todos todas algo alguien alguno alguna muchos muchas poco \
            pocos mas menos muy tan tanto tambien tampoco solo ya aun todavia siempre casi bien mal mejor peor hay es \
            son esta estan era fue ser hace haz ven pasa pasate mira prueba pide trae lleva deja dejanos dinos cuenta \
            cuentanos escribe escribenos llama reserva contesta responde guarda guardamos te se me nos os le les \
            tenemos tienes tiene puedes puede podemos vamos abrimos hacemos salimos sale salen llega llegan cuesta \
            gracias hola buenos buenas bueno buena primero primera luego despues antes entonces asi ademas quiza \
            quizas tal apuntate empieza acercate queda quedan basta recuerda sabes sabemos ten tenga tened toma anota respecto permitenos permitanos conviene \
            aprovecha elige quiere quieres puesto dado
            """),
        openingEndings: ["aste", "iste"],
        capitalised: [])
}
