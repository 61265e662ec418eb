import PostgresClient
import Telemetry

/// What somebody must do once a day for the database to stay well; every worker does it, and doing it twice does
/// nothing.
struct Upkeep: Sendable {
    private static let createPartitions: SQL = "SELECT create_partitions(now() + interval '28 days')"

    let pool: PostgresPool
    let log: Log

    /// Looks at once and then daily, until the task is cancelled.
    func run() async {
        repeat {
            do {
                try await pool.execute(Self.createPartitions)
            } catch {
                // There are four weeks to try again in.
                log(.error, "partitions not created", ["error": "\(error)"])
            }
        } while (try? await Task.sleep(for: .seconds(86_400))) != nil
    }
}
