import HTTPTypes
import JSON

/// What there is: resources, objects, limits.
extension SalesforceOrg {
    static let describeRoutes: [Route<SalesforceOrg>] = [
        Route("GET", "/") { org, call in
            let base = org.base(call)
            return .json([
                "sobjects": .string("\(base)/sobjects"), "query": .string("\(base)/query"),
                "composite": .string("\(base)/composite"), "limits": .string("\(base)/limits"),
            ])
        },
        Route("GET", "/sobjects") { org, call in
            let all = org.objects.values.sorted { $0.name < $1.name }.map { $0.summary(base: org.base(call)) }
            return .json(["encoding": "UTF-8", "maxBatchSize": 200, "sobjects": .array(all)])
        },
        Route("GET", "/limits") { org, _ in
            .json([
                "DailyApiRequests": [
                    "Max": .integer(Int64(org.settings.dailyLimit)), "Remaining": .integer(Int64(org.callsLeft)),
                ]
            ])
        },
        Route("GET", "/sobjects/{object}") { org, call in
            let object = try org.described(call)
            return .json(["objectDescribe": object.summary(base: org.base(call)), "recentItems": []])
        },
        Route("GET", "/sobjects/{object}/describe") { org, call in
            .json(try org.described(call).describe(base: org.base(call)))
        },
    ]

    private func described(_ call: Call) throws(Refusal) -> SalesforceObject {
        do {
            return try object(call.part("object"))
        } catch {
            throw error.refusal
        }
    }
}
