import Foundation

extension Data {
    /// Bytes from the system's generator, fit for secrets.
    static func random(_ count: Int) -> Data { Data((0..<count).map { _ in UInt8.random(in: .min ... .max) }) }
}
