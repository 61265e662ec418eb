/// Which rows of a batch look at which pages, the same in every layer: a page that neighbouring sequences share is
/// there once, with the rows of all of them.
struct AttentionPlan: Sendable {
    /// A page and the neighbouring rows that see some of it.
    struct Reading: Sendable {
        let page: KeyValuePage
        /// The first position in the page.
        let start: Int
        let rows: Range<Int>
    }

    /// A row's place.
    struct Place: Sendable {
        let position: Int
        /// Where its own key and value go.
        let page: KeyValuePage
    }

    /// In the order of positions.
    let readings: [Reading]
    /// [rows]
    let places: [Place]
    /// The positions of the longest sequence, rounded up to whole pages.
    let longest: Int

    init(_ batch: Batch) {
        let size = KeyValuePage.positions
        var readings: [Reading] = []
        let pageCount = batch.parts.reduce(0) { max($0, $1.pages.count) }
        for index in 0..<pageCount {
            let start = index * size
            for part in batch.parts where part.pages.count > index {
                // The rows before the page's first position do not see it.
                let rows = part.rows.lowerBound + max(0, start - part.first)..<part.rows.upperBound
                if let last = readings.last, last.start == start, last.page === part.pages[index],
                    last.rows.upperBound == rows.lowerBound
                {
                    readings[readings.count - 1] = Reading(
                        page: last.page, start: start, rows: last.rows.lowerBound..<rows.upperBound)
                } else {
                    readings.append(Reading(page: part.pages[index], start: start, rows: rows))
                }
            }
        }
        self.readings = readings
        places = batch.parts.flatMap { part in
            part.rows.map { row in
                let position = part.first + row - part.rows.lowerBound
                return Place(position: position, page: part.pages[position / size])
            }
        }
        longest = pageCount * size
    }
}
