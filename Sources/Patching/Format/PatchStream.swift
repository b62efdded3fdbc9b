/// The streams of a patch, in the order of their numbers: those that a tiny patch has come first. `bulk` is whole new
/// files that have nothing in common with anything, `recipes` how expanded files are deflated again.
enum PatchStream: Int, CaseIterable, Sendable {
    case plan, text, layout, lengths, inserts, seeks, literals, gaps, values, referenceGaps, referenceValues, bulk,
        recipes

    /// Where the bytes of an edit's stream go.
    init(_ stream: EditStream) {
        self =
            switch stream {
            case .layout: .layout
            case .lengths: .lengths
            case .inserts: .inserts
            case .seeks: .seeks
            case .literals: .literals
            case .gaps: .gaps
            case .values: .values
            case .referenceGaps: .referenceGaps
            case .referenceValues: .referenceValues
            case .text: .text
            }
    }

    /// Whether it holds numbers and differences of edits, not bytes of files.
    var isOfNumbers: Bool {
        switch self {
        case .layout, .lengths, .inserts, .seeks, .gaps, .values, .referenceGaps, .referenceValues: true
        case .plan, .text, .literals, .bulk, .recipes: false
        }
    }

    var name: String { "stream \(rawValue)" }
}
