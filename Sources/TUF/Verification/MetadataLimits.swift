/// What metadata may cost before it is refused. The numbers of lengths and depths are those that readers of the field use
/// by default: larger metadata could not be read by others.
package struct MetadataLimits: Sendable {
    /// Bytes.
    package var rootLength = 512_000
    package var timestampLength = 16_384
    package var snapshotLength = 2_000_000
    package var targetsLength = 5_000_000
    /// New root versions in one run.
    package var rootRotations = 256
    /// Delegated roles visited in search of one target.
    package var delegations = 32
    /// Nesting of JSON.
    package var depth = 32

    package init() {}

    package func length(of role: RoleName) -> Int {
        switch role {
        case .root: rootLength
        case .timestamp: timestampLength
        case .snapshot: snapshotLength
        default: targetsLength
        }
    }
}
