extension Array {
    /// How many elements, of an order in which those that fit come first, fit.
    func binaryCount(where fits: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low &+ high) >> 1
            if fits(self[middle]) { low = middle &+ 1 } else { high = middle }
        }
        return low
    }
}
