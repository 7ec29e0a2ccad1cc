using System.ComponentModel.DataAnnotations;
using Stet.Enforcement;

namespace Stet.Tests.Enforcement;

public class EnforcementOptionsSpecs
{
    [Theory]
    [InlineData(0.6, false)]
    [InlineData(1, true)]
    [InlineData(1.5, true)]
    [InlineData(100, true)]
    [InlineData(100.4, false)]
    public void A_grace_multiplier_is_from_1_to_100(double multiplier, bool isValid)
    {
        var options = new EnforcementOptions { GraceMultiplier = (decimal)multiplier };

        Validator.TryValidateObject(options, new ValidationContext(options), null, validateAllProperties: true).ShouldBe(isValid);
    }
}
