import CRM
import Foundation
import JSON

extension JSONLines {
    /// Answers every line, also one that makes no sense: a support case is often a file of deliveries of which some
    /// are broken. `refusal` makes the answer to such a line out of the reason.
    static func answer(refusal: (String) -> JSONValue, _ transform: (JSONValue) throws -> JSONValue) throws {
        while let line = readLine() {
            guard !line.allSatisfy(\.isWhitespace) else { continue }
            let answer: JSONValue
            do {
                answer = try transform(JSONValue(parsing: line))
            } catch CommandError.failed(let message) {
                answer = refusal(message)
            } catch let error as CRMError {
                answer = refusal(error.message)
            } catch {
                answer = refusal("the line is \(error)")
            }
            try FileHandle.standardOutput.write(contentsOf: answer.canonicalData + Data("\n".utf8))
        }
    }
}

/// What the webhook commands read alike.
enum WebhookLines {
    /// The bytes of a line's `body_base64`; without the member there is no body.
    static func body(of line: JSONValue) throws(CommandError) -> Data {
        guard let member = line["body_base64"], member != .null else { return Data() }
        guard let body = member.string.flatMap({ Data(base64Encoded: $0) }) else {
            throw .failed("\"body_base64\" is no Base64")
        }
        return body
    }

    /// The system that `--source` names.
    static func source(_ arguments: Arguments, among systems: [CRMSystem]) throws(CommandError) -> CRMSystem {
        let name = try arguments.value("--source")
        guard let system = systems.first(where: { $0.rawValue == name }) else {
            throw .usage("--source is \(systems.map(\.rawValue).joined(separator: ", ")), not \"\(name)\"")
        }
        return system
    }
}
