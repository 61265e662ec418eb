/// The names of lanes: jobs about one object of one connection run one after the other.
public enum Lane {
    /// The lane of an object, usually a lead's key. Connections never share a lane.
    public static func name(connection: Int64, object: String) -> String { "\(connection)/\(object)" }
}
